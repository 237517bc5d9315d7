"""Moving a session at the desk or in a calendar: whom it concerns is told three minutes later, so a slip is no news."""

from __future__ import annotations

from copy import copy
from datetime import datetime, timedelta

from portal.appointments import actions
from portal.appointments.actions import Was
from portal.appointments.models import Appointment
from portal.clinic.models import Location, Psychologist
from portal.common.access.actors import Actor
from portal.journeys import booking, freed, last_told, sessions, to_do
from portal.journeys.last_told import TELLS
from portal.journeys.repeating import telling
from portal.notifications.models import Notice, State

# In which a move can be taken back, and after which its notice goes out.
GRACE = timedelta(minutes=3)
MOVED = "moved"


class TooLate(Exception):
    """The three minutes are over: whoever was to be told is being told."""


def move(
    *,
    appointment: Appointment,
    starts_at: datetime,
    psychologist: Psychologist,
    location: Location,
    by: Actor,
    now: datetime,
    mode: str | None = None,
    outside_hours: bool = False,
    seen: str | None = None,
) -> tuple[Appointment, Was | None]:
    """Moves a booking, or changes how it is held, and returns how it stood; None where nothing changes.

    Its notice waits for the three minutes. Raises SlotTaken, NotOffered or NotReschedulable.
    """
    before = copy(appointment)
    moved = booking.reschedule_session(
        appointment=appointment,
        starts_at=starts_at,
        psychologist=psychologist,
        location=location,
        mode=mode,
        by=by,
        now=now,
        outside_hours=outside_hours,
        seen=seen,
        tell_at=now + GRACE,
    )
    return moved, Was.of(before, moved=moved) if moved.revision != before.revision else None


@actions.in_transaction
def take_back(*, appointment: Appointment, was: Was, moved_at: datetime, by: Actor, now: datetime) -> Appointment:
    """Moves a session back that was moved at `moved_at`; who was not told yet is told nothing.

    What the move withdrew, because it was not sent either, is said again: nobody is left without word of a booking.
    Raises TooLate, SlotTaken (the old time is somebody else's by now), NotOffered or NotReschedulable.
    """
    if now > moved_at + GRACE:
        raise TooLate
    before = copy(appointment)
    back = actions.take_back_move(appointment=appointment, was=was, by=by, now=now, known=sessions.known)
    if back.revision == before.revision:
        return back
    freed.withdraw_notices(back, why=MOVED, by=by, now=now)
    if not booking.told(back, now=now, was=before.starts_at):
        to_do.untold.raise_taken_back(back, undone=before.revision, by=by, now=now)
        return back
    about = Notice.objects.about(back)
    if about.filter(about_revision=before.revision, template__in=TELLS).exclude(state=State.WITHDRAWN).exists():
        # It went out already, or may have.
        template = "appointment_moved" if back.starts_at != before.starts_at else "appointment_changed"
        booking.notify(back, template, before=before, now=now)
        return back
    # Word of an earlier move went with this one's, or with the move that is taken back.
    known = last_told.as_known(before, now=now) or last_told.as_known(before, now=moved_at)
    if known and last_told.standing_of(known) != last_told.standing_of(back):
        # An earlier move of these minutes stands, and now it is told.
        template = "appointment_moved" if back.starts_at != known.starts_at else "appointment_changed"
        booking.notify(back, template, before=known, now=now)
        return back
    unsaid = about.filter(withdrawn_why=MOVED, about_revision__lt=before.revision, state=State.WITHDRAWN)
    told = about.filter(template__in=TELLS).exclude(state=State.WITHDRAWN)
    templates = set(unsaid.filter(withdrawn_at=moved_at).values_list("template", flat=True)) & set(TELLS)
    if templates or telling.was_withdrawn(back, why=MOVED, at=moved_at):
        booking.notify(back, "appointment_moved" if told.exists() else "appointment_booked", now=now)
    return back
