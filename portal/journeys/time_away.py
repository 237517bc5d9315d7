"""Exceptions to the weekly hours, and the sessions that are booked in somebody's time away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from portal.appointments import actions, states
from portal.appointments.models import Appointment, TimeSlot
from portal.common.access.actors import Actor
from portal.journeys.to_do import sessions


class StillBooked(Exception):
    """Sessions to come stand in the time away that somebody asked for, and nobody said that they know of these."""

    def __init__(self, sessions: Sequence[Appointment]) -> None:
        super().__init__("sessions are booked in that time")
        self.sessions = list(sessions)


def digest_of(sessions: Iterable[Appointment]) -> str:
    """Names these sessions, whoever lists them: with it a page says which ones it showed. Empty for none."""
    codes = sorted(str(session.code) for session in sessions)
    return sha256(" ".join(codes).encode()).hexdigest()[:32] if codes else ""


@actions.in_transaction
def add_time_slot(*, knowing: str | None = None, by: Actor, now: datetime, **said: Any) -> TimeSlot:
    """Adds extra time, or time away: each session booked in that comes to the desk. Raises BadTimes or HoursOverlap.

    `knowing` is the `digest_of` the sessions that whoever asks was shown; where others are booked, StillBooked is
    raised and nothing is added. None asks nobody.
    """
    slot = actions.add_time_slot(by=by, now=now, **said)
    if slot.kind == TimeSlot.Kind.BLOCKED:
        booked = _booked_in(slot)
        to_come = [session for session in booked if states.is_to_come(session, now=now)]
        # Looked at under the diary's lock: what is booked meanwhile is asked about too.
        if knowing is not None and digest_of(to_come) not in ("", knowing):
            raise StillBooked(to_come)
        sessions.raise_stranded(booked, by=by, now=now)
    return slot


@actions.in_transaction
def remove_time_slot(*, time_slot: TimeSlot, by: Actor, now: datetime) -> None:
    """Removes an exception; what stood on the desk's list because of it goes, unless other time away covers it."""
    booked = _booked_in(time_slot)
    actions.remove_time_slot(time_slot=time_slot, by=by, now=now)
    sessions.look_again(booked, by=by, now=now)


def _booked_in(slot: TimeSlot) -> list[Appointment]:
    own = Appointment.objects.filter(psychologist=slot.psychologist_id, patient__isnull=False)
    return list(own.live().between(slot.starts_at, slot.ends_at).order_by("starts_at", "pk"))
