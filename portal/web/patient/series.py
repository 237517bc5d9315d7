"""Several sessions of one series, for a patient themself or for somebody they care for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.appointments.actions.repeating import allowance
from portal.appointments.models import Appointment
from portal.appointments.refusals import NotOffered
from portal.appointments.series_forms import MoveForm
from portal.appointments.states import Why
from portal.clinic.booking_rules import rules_of
from portal.journeys import changing, told
from portal.journeys.online import ahead
from portal.journeys.repeating import asking
from portal.journeys.repeating.moving import Moving
from portal.journeys.repeating.proposing import not_online, terms_of
from portal.web.series.audience import Audience
from portal.web.series.opened import Opened


class Patients(Audience):
    """They book as many as may be booked online, move what is offered, and call off for reasons of their own."""

    namespace = "patient"
    folder = "patient"

    def session_url(self, session: Appointment) -> str:
        return self.address("appointment", session)

    def done_url(self, session: Appointment, *, is_cancelled: bool = False) -> str:
        return reverse("patient:appointments")

    def move_alone_url(self, session: Appointment) -> str:
        return self.address("reschedule", session)

    def say_done(self, opened: Opened, done: str, sessions: Sequence[Appointment]) -> None:
        done = told.with_message(told.with_days(done, sessions), sessions[-1], by=opened.by, now=opened.now)
        messages.success(opened.request, done)

    def why_not_repeated(self, opened: Opened) -> str:
        if not asking.may_be_repeated(opened.session):
            return _("A session that does not take place can't be repeated. Please book a new one.")
        if opened.session.service.first_visit_only:
            return not_online("first_visit_only")
        if rules_of(opened.session.service, clinic=opened.clinic).is_on_request:
            return not_online("on_request")
        if ahead.asked(opened.session, patient=opened.session.patient, clinic=opened.clinic, now=opened.now):
            return ahead.each_by_itself()
        return ""

    def most_more(self, opened: Opened) -> int:
        return allowance(terms_of(opened.session), now=opened.now, clinic=opened.clinic)

    def why_not_booked(self, refused: NotOffered) -> str:
        return not_online(refused.reason)

    def about_repeating(self, opened: Opened, asked: asking.Asked) -> dict[str, Any]:
        return {
            "deadline": changing.deadline_of(opened.session, now=opened.now, clinic=opened.clinic),
            "each_terms": changing.terms_of_another(opened.session, clinic=opened.clinic),
            "costs": asked.costs(clinic=opened.clinic),
            "says_each": True,
        }

    def why_not_moved(self, opened: Opened, why: Why) -> str:
        return _("This session can no longer be moved here. Please phone us.")

    def move_form(self, opened: Opened) -> MoveForm:
        start, data = opened.session.local_start, opened.data
        return MoveForm(data if "day" in data else None, initial={"day": start.date(), "at": start.time()})

    def why_not_there(self, reason: str) -> str:
        return _("These sessions can't be moved here. Please phone us.")

    def about_moving(self, opened: Opened, asked: Moving | None) -> dict[str, Any]:
        return {
            "deadline": changing.deadline_of(opened.session, now=opened.now, clinic=opened.clinic),
            "each_terms": changing.terms_of_each(opened.session, clinic=opened.clinic),
        }


PATIENTS = Patients()
