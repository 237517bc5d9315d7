"""Booking several sessions at once from a time that was chosen, in the calendar or on the page of free times."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.appointments.actions.clashes import Terms
from portal.clinic import kept
from portal.clinic.models import ClinicSettings, Psychologist
from portal.common.access.decorators import ActorRequest
from portal.common.web.htmx import redirect_to
from portal.journeys import choosing
from portal.journeys.repeating import asking, telling
from portal.journeys.told import with_days
from portal.patients.models import Patient
from portal.web.calendars.audience import Audience
from portal.web.calendars.booking import Here, day_of, what_is_booked
from portal.web.calendars.refused import why_not
from portal.web.calendars.told import say_what_was_done, say_who_waits_no_longer
from portal.web.series.answering import PATTERN, asks_for_times, times_or_page
from portal.web.series.trying import do_or_ask_again


def book(request: ActorRequest, audience: Audience, people: Sequence[Psychologist], code: UUID) -> HttpResponse:
    """Proposes the times of the series, the first like the others, and books them all or none."""
    patient = get_object_or_404(Patient.objects.visible_to(request.actor), code=code)
    if shows := asks_for_times(request, "time", "service", "mode", *PATTERN):
        return shows
    now, clinic, is_sent = timezone.now(), ClinicSettings.current(), request.method == "POST"
    here = Here.read(request, people)
    psychologist = here.psychologist
    # A first visit comes once.
    given = [service for service in kept.given_by(psychologist) if not service.first_visit_only]
    if not given:
        messages.warning(request, _("%(name)s gives no service that is offered.") % {"name": psychologist.name})
        return redirect_to(request, day_of(audience, here))
    service, mode, _outside = what_is_booked(request, patient, given, psychologist)
    terms = Terms(psychologist, patient, service, mode, here.location)

    def read() -> asking.Asked:
        data = request.POST if is_sent else request.GET
        return asking.read_new(terms, here.starts_at, data, is_sent=is_sent, by=request.actor, now=now, clinic=clinic)

    patient_url = reverse(f"{audience.namespace}:patient", args=[patient.code])
    asked, refusal = read(), ""
    if asked.is_ready:
        tried = do_or_ask_again(
            request,
            asked,
            do=lambda: asked.book(by=request.actor, now=now),
            read=read,
            why=lambda refused: why_not(refused.reason),
            leads_to=patient_url,
            now=now,
        )
        if tried.answer is not None:
            booked = tried.done
            done = ngettext("%(n)s session is booked.", "%(n)s sessions are booked.", len(booked)) % {"n": len(booked)}
            say_what_was_done(request, with_days(done, booked), telling.told(booked, now=now), is_past=False)
            say_who_waits_no_longer(request, booked[0], now=now)
            return tried.answer
        asked, refusal = tried.asked, tried.refusal
    context = here.context | {
        "asked": asked,
        "refusal": refusal,
        "rebates": asked.rebates(by=request.actor, now=now),
        "patient": patient,
        "patient_url": patient_url,
        "calendar_url": day_of(audience, here),
        "services": given,
        "service": service,
        "modes": choosing.ways_to_meet([psychologist], service),
        "mode": mode,
        "kept": {"time": here.value},
        "action": request.path,
    }
    return times_or_page(request, "calendar/book_series.html", context, asked=asked, refusal=refusal)
