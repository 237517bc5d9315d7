"""A day on paper: who comes, when, and the number to ring; for the hours in which nothing else works."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from portal.appointments import diary
from portal.appointments.calendars import stretches_of
from portal.appointments.models import Appointment
from portal.clinic.models import Psychologist
from portal.common.access.actors import Actor
from portal.reports.days import sessions_of


@dataclass(frozen=True, slots=True)
class Column:
    """A psychologist's day: their sessions, the half hours from which a session fits, and when they are away and why.

    `gaps` are the starts of what is free and too short for a session of theirs, with its minutes.
    """

    psychologist: Psychologist
    places: tuple[str, ...]
    sessions: tuple[Appointment, ...]
    free: tuple[datetime, ...]
    gaps: tuple[tuple[datetime, int], ...]
    away: tuple[tuple[datetime, datetime, str], ...]


def day_on_paper(actor: Actor, people: list[Psychologist], day: date, *, zone: ZoneInfo, now: datetime) -> list[Column]:
    """The sessions of these people that the actor may see, by person, in the order given; nothing that was called off.

    Who neither works nor is away and has no session is left out. Three statements, however full the day is.
    """
    sessions: defaultdict[int, list[Appointment]] = defaultdict(list)
    for session in sessions_of(actor, day, zone=zone):
        if session.local_start.date() == day and not session.is_cancelled:
            sessions[session.psychologist_id].append(session)
    found = []
    for one in diary.day(people, day, zone=zone, now=now):
        halves = list(one.free(zone=zone, now=now))
        own = tuple(sessions[one.psychologist.pk])
        if not (one.work or one.away or own):
            continue
        found.append(
            Column(
                psychologist=one.psychologist,
                places=tuple(dict.fromkeys(work.location.name for work in one.work)),
                sessions=own,
                free=tuple(half.books_at for half in halves if half.books_at),
                gaps=tuple((gap.starts_at, gap.minutes) for gap in stretches_of(halves) if gap.books_at is None),
                away=tuple((away.starts_at, away.ends_at, away.slot.label) for away in one.away),
            )
        )
    return found
