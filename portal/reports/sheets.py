"""A day on paper: who comes, when, and the number to ring; for the hours in which nothing else works."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from portal.appointments import diary
from portal.appointments.models import Appointment
from portal.clinic.models import Psychologist
from portal.common.access.actors import Actor
from portal.reports.days import sessions_of


@dataclass(frozen=True, slots=True)
class Column:
    """A psychologist's day: their sessions, the half hours that are free, and when they are away and why."""

    psychologist: Psychologist
    places: tuple[str, ...]
    sessions: tuple[Appointment, ...]
    free: tuple[datetime, ...]
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
        own = tuple(sessions[one.psychologist.pk])
        if not (one.work or one.away or own):
            continue
        found.append(
            Column(
                psychologist=one.psychologist,
                places=tuple(dict.fromkeys(work.location.name for work in one.work)),
                sessions=own,
                free=tuple(free.starts_at for free in one.free(zone=zone, now=now)),
                away=tuple((away.starts_at, away.ends_at, away.slot.label) for away in one.away),
            )
        )
    return found
