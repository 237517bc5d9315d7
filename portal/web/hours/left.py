"""Sessions that stand where their psychologist doesn't work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from portal.appointments import closed
from portal.appointments.listing import with_clinic
from portal.appointments.models import Appointment, TimeSlot, WorkingHours
from portal.clinic import kept
from portal.common.access.actors import Actor
from portal.web.hours.worked import joined, wall, window_on


@dataclass(frozen=True, slots=True)
class Left:
    """A session that stands where its psychologist doesn't work (any more)."""

    session: Appointment
    # The time away that it stands in; none if it is simply outside the hours.
    away: TimeSlot | None


def outside_hours(
    actor: Actor,
    *,
    psychologist: int | None = None,
    hours: list[WorkingHours],
    now: datetime,
    without: TimeSlot | None = None,
) -> list[Left]:
    """Sessions to come of one psychologist that stand in time away or outside the `hours`, soonest first.

    Whoever names no psychologist asks about their own. `without` leaves out one exception, as if it were removed.
    Three queries.
    """
    places = kept.places()
    coming, exceptions = Appointment.objects.visible_to(actor).upcoming(now=now), TimeSlot.objects.visible_to(actor)
    if psychologist is not None:
        coming, exceptions = coming.filter(psychologist=psychologist), exceptions.filter(psychologist=psychologist)
    # All of them are looked at for their time and place alone; whose they are is read of the few that are left.
    sessions = [_Coming(*row) for row in coming.values_list("pk", "starts_at", "ends_at", "location", "mode")]
    if not sessions:
        return []
    slots = list(
        exceptions.between(sessions[0].starts_at, max(session.ends_at for session in sessions))
        .exclude(pk=without.pk if without else 0)
        .select_related("location")
        .order_by("starts_at")
    )
    left: dict[int, TimeSlot | None] = {}
    for session in sessions:
        away = next(
            (
                slot
                for slot in slots
                if slot.kind == TimeSlot.Kind.BLOCKED
                and slot.starts_at < session.ends_at
                and slot.ends_at > session.starts_at
            ),
            None,
        )
        if away or not _is_worked(session, places[session.location].zone, hours, slots):
            left[session.pk] = away
    found = {session.pk: session for session in with_clinic(coming.for_lists().filter(pk__in=left))} if left else {}
    return [Left(found[pk], away) for pk, away in left.items() if pk in found]


class _Coming(NamedTuple):
    """A session's time, the id of its place and how it is held."""

    pk: int
    starts_at: datetime
    ends_at: datetime
    location: int
    mode: str


def _is_worked(session: _Coming, zone: ZoneInfo, hours: list[WorkingHours], slots: list[TimeSlot]) -> bool:
    start, end = wall(session.starts_at, zone), wall(session.ends_at, zone)
    day = start.date()
    if closed.holiday_on(session.location, session.starts_at):
        hours = []
    there = [h for h in hours if h.location_id == session.location and h.is_worked_on(day)]
    worked = [window_on(h, day) for h in there if h.is_for(session.mode)]
    # Whole slots, not cut to the day: extra hours may cross midnight.
    worked += [
        (wall(slot.starts_at, zone), wall(slot.ends_at, zone))
        for slot in slots
        if slot.kind == TimeSlot.Kind.EXTRA and slot.location_id == session.location
    ]
    return any(begins <= start and end <= ends for begins, ends in joined(worked))
