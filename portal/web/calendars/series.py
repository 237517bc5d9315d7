"""Several sessions of one series, for the desk and for a psychologist: repeated, moved or called off together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.appointments.forms import CancelForm
from portal.appointments.models import Appointment
from portal.appointments.refusals import NotOffered
from portal.appointments.states import Verb, Why
from portal.clinic.models import Psychologist
from portal.journeys import choosing
from portal.journeys.repeating import asking, telling
from portal.journeys.repeating.moving import Moving
from portal.journeys.told import with_days
from portal.web.calendars import audience as calendars
from portal.web.calendars import fees
from portal.web.calendars.refused import in_words, why_not
from portal.web.calendars.series_forms import StaffMoveForm
from portal.web.calendars.told import say_what_was_done, say_who_waits_no_longer
from portal.web.series.audience import Audience
from portal.web.series.opened import Opened


@dataclass(frozen=True)
class Staff(Audience):
    """Those whose calendar it is; `people` are who may hold what moves."""

    calendar: calendars.Audience
    people: Sequence[Psychologist] = ()

    folder = "calendar"
    changed_level = messages.ERROR

    @property
    def namespace(self) -> str:
        return self.calendar.namespace

    def session_url(self, session: Appointment) -> str:
        """The desk's page of the session, or a psychologist's of the patient."""
        if self.calendar.of_one:
            return self._patient_url(session)
        return self.calendar.session_url()(session.code, False)

    def done_url(self, session: Appointment, *, is_cancelled: bool = False) -> str:
        return self._patient_url(session) if is_cancelled else self.session_url(session)

    def move_alone_url(self, session: Appointment) -> str:
        return self.address("move_in_calendar" if self.calendar.of_one else "reschedule", session)

    def say_done(self, opened: Opened, done: str, sessions: Sequence[Appointment]) -> None:
        say_what_was_done(
            opened.request, with_days(done, sessions), telling.told(sessions, now=opened.now), is_past=False
        )
        say_who_waits_no_longer(opened.request, opened.session, now=opened.now)

    def context(self, opened: Opened) -> dict[str, Any]:
        return {"patient_url": self._patient_url(opened.session)}

    def why_not_repeated(self, opened: Opened) -> str:
        if asking.may_be_repeated(opened.session):
            return ""
        return _("Only a session that takes place can be repeated. Book a new one instead.")

    def why_not_booked(self, refused: NotOffered) -> str:
        return why_not(refused.reason)

    def why_not_moved(self, opened: Opened, why: Why) -> str:
        return in_words(Verb.MOVE, why, opened.session, by=opened.by, now=opened.now)

    def move_form(self, opened: Opened) -> StaffMoveForm:
        session, data = opened.session, opened.data
        giving = [each for each in self.people if each == session.psychologist or each.modes_for(session.service)]
        places = {session.location_id: session.location} | choosing.open_places()
        return StaffMoveForm(
            data if "day" in data else None, session=session, people=giving, places=list(places.values())
        )

    def why_not_there(self, reason: str) -> str:
        return why_not(reason)

    def about_moving(self, opened: Opened, asked: Moving | None) -> dict[str, Any]:
        if asked is None:
            return {}
        going = [line.session for line in asked.proposal.lines if line.session is not None]
        return {"fee_afterwards": fees.of_several(going, to=asked.proposal.terms, clinic=opened.clinic)}

    def reason_form(self, opened: Opened) -> CancelForm:
        return CancelForm(opened.sent)

    def left_to_do(self, gone: Sequence[Appointment]) -> str:
        """How many fees the desk still decides about."""
        if not (late := sum(each.late for each in gone)):
            return ""
        words = ngettext(
            "%(n)s of them is cancelled late: its fee is on the to-do list.",
            "%(n)s of them are cancelled late: their fees are on the to-do list.",
            late,
        )
        return words % {"n": late}

    def _patient_url(self, session: Appointment) -> str:
        return reverse(f"{self.namespace}:patient", args=[session.person.code])
