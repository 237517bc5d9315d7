"""The move of a moment ago, kept in the session of whoever moved it, and how it is taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.appointments.actions import Was, rules
from portal.appointments.models import Appointment
from portal.appointments.refusals import NotOffered, NotReschedulable, SlotTaken
from portal.appointments.states import Verb
from portal.clinic import kept
from portal.common.access.decorators import ActorRequest
from portal.common.languages.times import clock, local_day, when
from portal.journeys import booking, last_told, moving
from portal.patients.models import Patient
from portal.web.calendars.audience import Audience
from portal.web.calendars.in_the_way import in_the_way
from portal.web.calendars.refused import in_words, why_not

KEPT = "moved_in_calendar"


class JustMoved(NamedTuple):
    """A move that can still be taken back: the session as it stands, where it stood, and when it was moved."""

    session: Appointment
    was: Was
    moved_at: datetime
    # Where an e-mail goes unless it is taken back.
    told: Sequence[str]
    # Nobody can be told of what is still to come.
    is_unreached: bool

    @property
    def until(self) -> datetime:
        return self.moved_at + moving.GRACE

    @property
    def keeps_its_time(self) -> bool:
        """Only how it is held, or with whom, was changed."""
        return self.was.starts_at == self.session.starts_at

    @property
    def from_when(self) -> str:
        return when(self.was.starts_at, kept.places()[self.was.location].zone)

    @property
    def tells_at(self) -> str:
        return clock(self.until, self.session.zone)


def remember(request: ActorRequest, moved: Appointment, was: Was, *, now: datetime) -> None:
    """Keeps what is needed to take a move back, in place of an earlier one."""
    confirmed = was.confirmed_at.isoformat() if was.confirmed_at else None
    stood = was._asdict() | {"starts_at": was.starts_at.isoformat(), "confirmed_at": confirmed}
    request.session[KEPT] = {"code": str(moved.code), "moved_at": now.isoformat(), **stood}


def just_moved(request: ActorRequest, *, now: datetime, of: Patient | Appointment | None = None) -> JustMoved | None:
    """What whoever asks moved within the last minutes, if it still stands where they moved it; or of one alone."""
    found: dict[str, Any] | None = request.session.get(KEPT)
    if found is None:
        return None
    moved_at = datetime.fromisoformat(found["moved_at"])
    if now > moved_at + moving.GRACE:
        del request.session[KEPT]
        return None
    session = Appointment.objects.visible_to(request.actor).for_listing().filter(code=found["code"]).first()
    if session is None or session.seen_as != found["seen"] or of not in (None, session, session.patient):
        return None
    was = _was(found)
    reached = booking.told(session, now=now, was=was.starts_at)
    told = reached if last_told.is_being_told(session) else ()
    is_unreached = not reached and session.starts_at > now
    return JustMoved(session, was, moved_at, [reader.shown for reader in told], is_unreached)


def _was(found: dict[str, Any]) -> Was:
    confirmed = found["confirmed_at"]
    return Was(
        starts_at=datetime.fromisoformat(found["starts_at"]),
        psychologist=found["psychologist"],
        location=found["location"],
        mode=found["mode"],
        room=found["room"],
        confirmed_at=datetime.fromisoformat(confirmed) if confirmed else None,
        seen=found["seen"],
    )


def undo(request: ActorRequest, audience: Audience, code: UUID) -> HttpResponse:
    """Takes the move back, or says why it stays moved."""
    session = get_object_or_404(Appointment.objects.visible_to(request.actor).without_holds().for_listing(), code=code)
    now, found = timezone.now(), request.session.get(KEPT)
    shown = session
    if found is None or found["code"] != str(code):
        messages.warning(request, _("There is nothing to undo any more. Look at the session in the calendar."))
    else:
        was = _was(found)
        try:
            shown = moving.take_back(
                appointment=session,
                was=was,
                moved_at=datetime.fromisoformat(found["moved_at"]),
                by=request.actor,
                now=now,
            )
        except moving.TooLate:
            messages.warning(request, _("The three minutes are over, and word of it goes out. Move it back instead."))
        except SlotTaken as taken:
            messages.error(request, f"{_taken(request, session, was, taken, now=now)} {_('So it stays moved.')}")
        except NotReschedulable as refused:
            messages.error(request, in_words(Verb.MOVE, refused.reason, session, by=request.actor, now=now))
        except NotOffered as refused:
            messages.error(request, f"{why_not(refused.reason)} {_('So it stays moved.')}")
        else:
            words = _("Undone: %(patient)s is back at %(when)s.")
            messages.success(request, words % {"patient": shown.person.name, "when": when(shown.starts_at, shown.zone)})
        del request.session[KEPT]
    return redirect(f"{audience.url('calendar')}?day={local_day(shown.starts_at, shown.zone):%Y-%m-%d}")


def _taken(request: ActorRequest, session: Appointment, was: Was, taken: SlotTaken, *, now: datetime) -> str:
    """What has the old time by now."""
    return in_the_way(
        taken,
        rules.moved(session, was.starts_at),
        patient=session.person,
        psychologists=[kept.psychologists()[was.psychologist]],
        location=kept.places()[was.location],
        by=request.actor,
        now=now,
        ignore=session,
    ).words
