"""Booked sessions that can't be held as they are: their psychologist is away or has left, or their place is closed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from portal.appointments import states
from portal.appointments.models import Appointment, TimeSlot
from portal.clinic import kept
from portal.clinic.models import Location, Mode, Psychologist


class StillBooked(Exception):
    """Sessions to come stand in the way of what somebody asked for, and nobody said that they know of these."""

    def __init__(self, sessions: Sequence[Appointment]) -> None:
        super().__init__("sessions are booked")
        self.sessions = list(sessions)


class Stranded(StrEnum):
    """Why a session can't be held as it is booked."""

    LEFT = "left"
    CLOSED = "closed"
    AWAY = "away"


def digest_of(sessions: Iterable[Appointment]) -> str:
    """Names these sessions, whoever lists them: with it a page says which ones it showed. Empty for none."""
    codes = sorted(str(session.code) for session in sessions)
    return sha256(" ".join(codes).encode()).hexdigest()[:32] if codes else ""


def ask_about(sessions: Sequence[Appointment], *, knowing: str | None) -> None:
    """Raises StillBooked unless whoever asks was shown these: `knowing` is their `digest_of`. None asks nobody."""
    if knowing is not None and digest_of(sessions) not in ("", knowing):
        raise StillBooked(sessions)


def left_with(psychologist: Psychologist, *, now: datetime) -> list[Appointment]:
    """The sessions to come of somebody who leaves, soonest first, each with its patient and place."""
    own = Appointment.objects.filter(psychologist=psychologist, patient__isnull=False)
    return list(own.upcoming(now=now).for_listing())


def left_at(location: Location, *, now: datetime) -> list[Appointment]:
    """The sessions to come for which people would go to a place that closes, soonest first."""
    there = Appointment.objects.filter(location=location, mode=Mode.IN_PERSON, patient__isnull=False)
    return list(there.upcoming(now=now).for_listing())


def away(sessions: Sequence[Appointment]) -> set[int]:
    """Of these sessions, the ids of those that touch time away of their psychologist. One query."""
    if not sessions:
        return set()
    first, last = min(s.starts_at for s in sessions), max(s.ends_at for s in sessions)
    of_them = TimeSlot.objects.away().filter(psychologist__in={s.psychologist_id for s in sessions})
    slots = list(of_them.between(first, last).order_by().values_list("psychologist", "starts_at", "ends_at"))
    return {
        session.pk
        for session in sessions
        if any(
            whose == session.psychologist_id and starts_at < session.ends_at and ends_at > session.starts_at
            for whose, starts_at, ends_at in slots
        )
    }


def with_who_left(sessions: Iterable[Appointment]) -> set[int]:
    """Of these sessions, the ids of those whose psychologist's account is closed. No query."""
    people = kept.psychologists()
    return {session.pk for session in sessions if people[session.psychologist_id].has_left}


def at_closed_places(sessions: Iterable[Appointment]) -> set[int]:
    """Of these sessions, the ids of those in person at a place that is out of use. No query."""
    places = kept.places()
    return {s.pk for s in sessions if s.mode == Mode.IN_PERSON and not places[s.location_id].is_active}


def stranded(sessions: Iterable[Appointment], *, now: datetime) -> dict[int, Stranded]:
    """By their ids, which of these sessions to come can't be held as they are, and why. One query at most."""
    to_come = [session for session in sessions if states.is_to_come(session, now=now)]
    found = dict.fromkeys(away(to_come), Stranded.AWAY)
    found |= dict.fromkeys(at_closed_places(to_come), Stranded.CLOSED)
    return found | dict.fromkeys(with_who_left(to_come), Stranded.LEFT)
