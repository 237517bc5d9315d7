"""Repeating a session at the desk: weekly, every few weeks or monthly, booked in one go."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.appointments.refusals import NotOffered, SlotTaken
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.htmx import page_or_fragment, redirect_to
from portal.common.web.once import making, once
from portal.journeys.repeating import asking, telling
from portal.web.calendars.refused import why_not
from portal.web.calendars.told import say_what_was_done


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def repeat(request: ActorRequest, code: UUID) -> HttpResponse:
    """Proposes the times of the series, each with what stands in its way, and books them all or none."""
    session = get_object_or_404(Appointment.objects.visible_to(request.actor).for_listing(), code=code)
    now, clinic, is_sent = timezone.now(), ClinicSettings.current(), request.method == "POST"
    if not asking.may_be_repeated(session):
        messages.error(request, _("Only a session that takes place can be repeated. Book a new one instead."))
        return redirect_to(request, "reception:appointment", code=session.code)

    def read() -> asking.Asked:
        data = request.POST if is_sent else request.GET
        return asking.read(session, data, is_sent=is_sent, by=request.actor, now=now, clinic=clinic)

    asked, refusal = read(), ""
    if asked.is_ready:
        try:
            with making(request, now=now) as made:
                booked = asked.book(by=request.actor, now=now)
                made.leads_to("reception:appointment", code=session.code)
        except SlotTaken:
            # Somebody was faster than this page: what is free is looked at again.
            asked = read()
        except NotOffered as refused:
            refusal = why_not(refused.reason)
        else:
            added = len(booked) - 1
            done = ngettext("%(n)s more session is booked.", "%(n)s more sessions are booked.", added) % {"n": added}
            say_what_was_done(request, done, telling.told(booked[1:], now=now), is_past=False)
            return made.answer
    context = {"asked": asked, "session": session, "refusal": refusal, "action": request.path}
    status = 409 if asked.is_taken or refusal else 422 if is_sent or asked.form.errors else 200
    return page_or_fragment(request, "reception/repeat.html", context, fragment="series", status=status)
