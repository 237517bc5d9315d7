"""Booking more sessions like one that is booked: a patient for themself, or for somebody they care for."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from portal.accounts.roles import Role
from portal.appointments.actions.repeating import allowance
from portal.appointments.models import Appointment
from portal.appointments.refusals import NotOffered, SlotTaken, TooManyBookings
from portal.clinic.booking_rules import rules_of
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.htmx import redirect_to
from portal.common.web.once import making, once
from portal.journeys import changing, told
from portal.journeys.repeating import asking
from portal.journeys.repeating.proposing import not_online, terms_of, too_many
from portal.web.series.answering import times_or_page


@allow(Role.PATIENT)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def repeat(request: ActorRequest, code: UUID) -> HttpResponse:
    """Proposes more sessions like this one, as many as may be booked online, and books them all or none."""
    session = get_object_or_404(Appointment.objects.visible_to(request.actor).for_listing(), code=code)
    now, clinic, is_sent = timezone.now(), ClinicSettings.current(), request.method == "POST"
    if not asking.may_be_repeated(session):
        messages.error(request, _("A session that does not take place can't be repeated. Please book a new one."))
        return redirect_to(request, "patient:appointment", code=session.code)
    if rules_of(session.service, clinic=clinic).is_on_request:
        messages.error(request, not_online("on_request"))
        return redirect_to(request, "patient:appointment", code=session.code)
    most = allowance(terms_of(session), now=now, clinic=clinic)
    if not most and not is_sent:
        messages.error(request, too_many(most))
        return redirect_to(request, "patient:appointment", code=session.code)
    if not is_sent and "repeat" not in request.GET:
        last = asking.last_standing(session, by=request.actor)
        if last != session:
            return redirect_to(request, "patient:repeat", code=last.code)

    def read() -> asking.Asked:
        data = request.POST if is_sent else request.GET
        return asking.read(session, data, is_sent=is_sent, by=request.actor, now=now, clinic=clinic, most=most + 1)

    asked, refusal = read(), ""
    if asked.is_ready:
        try:
            with making(request, now=now) as made:
                booked = asked.book(by=request.actor, now=now)
                made.leads_to("patient:appointments")
        except SlotTaken:
            asked = read()
        except TooManyBookings:
            refusal = too_many(most)
        except NotOffered as refused:
            refusal = not_online(refused.reason)
        else:
            added = len(booked) - 1
            done = ngettext("%(n)s more session is booked.", "%(n)s more sessions are booked.", added) % {"n": added}
            messages.success(request, told.with_mail(done, booked[-1], by=request.actor, now=now))
            return made.answer
    elif asked.proposal and len(asked.proposal.wishes) > most:
        refusal = too_many(most)
    context = {"asked": asked, "session": session, "refusal": refusal, "action": request.path, "most": most}
    context |= {
        "deadline": changing.deadline_of(session, now=now, clinic=clinic),
        "each_terms": changing.terms_of_another(session, clinic=clinic),
        "costs": asked.costs(clinic=clinic),
        "says_each": True,
        "back_url": reverse("patient:appointment", args=[session.code]),
    }
    return times_or_page(request, "patient/repeat.html", context, asked=asked, refusal=refusal)
