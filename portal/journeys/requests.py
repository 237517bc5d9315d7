"""What somebody asked for, from the request to its answer: who is told, and what the desk has to do about it."""

from __future__ import annotations

from datetime import datetime

from portal.appointments import actions
from portal.appointments.models import Appointment
from portal.appointments.refusals import WrongState
from portal.common.access.actors import Actor
from portal.journeys import booking, freed, to_do


@actions.in_transaction
def approve_request(*, appointment: Appointment, by: Actor, now: datetime, seen: str | None = None) -> Appointment:
    """Confirms a request and says so, as of any booking. Raises WrongState, SlotTaken, PatientBusy or NotOffered."""
    booked = actions.approve(appointment=appointment, by=by, now=now, seen=seen)
    _settle(booked, why="approved", by=by, now=now)
    booking.notify(booked, "appointment_booked", now=now)
    return booked


@actions.in_transaction
def decline_request(
    *, appointment: Appointment, reason: str, by: Actor, now: datetime, seen: str | None = None
) -> Appointment:
    """Declines a request and says so, with the reason in neutral words. Raises WrongState."""
    declined = actions.decline(appointment=appointment, reason=reason, by=by, now=now, seen=seen)
    return _ended(declined, by=by, now=now)


@actions.in_transaction
def withdraw_request(*, appointment: Appointment, by: Actor, now: datetime, seen: str | None = None) -> Appointment:
    """Takes a request back for its patient, at no cost. Raises WrongState."""
    return _ended(actions.withdraw(appointment=appointment, by=by, now=now, seen=seen), by=by, now=now)


@actions.in_transaction
def lapse_request(*, appointment: Appointment, by: Actor, now: datetime) -> Appointment:
    """Ends a request that nobody answered in time, and says so. Raises WrongState."""
    return _ended(actions.lapse(appointment=appointment, by=by, now=now), by=by, now=now)


def lapse_unanswered(*, by: Actor, now: datetime) -> int:
    """Ends every request whose time for an answer is over, each by itself, and counts them; may run twice at once."""
    count = 0
    for session in Appointment.objects.unanswered(now=now):
        try:
            lapse_request(appointment=session, by=by, now=now)
        except WrongState:
            # Answered, or taken back, in this moment.
            continue
        count += 1
    return count


def _ended(session: Appointment, *, by: Actor, now: datetime) -> Appointment:
    _settle(session, why="declined", by=by, now=now)
    booking.notify(session, "request_ended", now=now)
    return session


def _settle(session: Appointment, *, why: str, by: Actor, now: datetime) -> None:
    """What still waits to be told of the request is no longer so, and the desk's work about it is done."""
    freed.withdraw_notices(session, why=why, by=by, now=now)
    to_do.sessions.raise_stranded([session], by=by, now=now)
