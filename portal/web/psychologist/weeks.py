"""A psychologist's week, drawn from hours, exceptions and sessions: three queries, however full it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from portal.appointments import closed
from portal.appointments.listing import with_clinic
from portal.appointments.models import Appointment, TimeSlot, WorkingHours
from portal.common.access.actors import Actor
from portal.common.languages.times import local_day
from portal.records.session_notes import sessions_with_notes
from portal.web.hours.worked import MIDNIGHT, Window, joined, wall, weekly_hours_of, window_on


def bounds(first: date, days: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From the first midnight to the last, there."""
    return (
        datetime.combine(first, MIDNIGHT, zone).astimezone(UTC),
        datetime.combine(first + timedelta(days=days), MIDNIGHT, zone).astimezone(UTC),
    )


@dataclass(slots=True)
class Day:
    date: date
    is_today: bool
    # Which weekly hours were worked then is stored nowhere: only what is dated is known of it.
    is_past: bool = False
    sessions: list[Appointment] = field(default_factory=list)
    # Wall-clock windows that are worked, in order, not touching.
    windows: list[Window] = field(default_factory=list)
    away: list[TimeSlot] = field(default_factory=list)

    @property
    def counted(self) -> int:
        """Sessions that somebody came to or is to come to."""
        return sum(s.is_standing for s in self.sessions)

    @property
    def is_worked(self) -> bool:
        return bool(self.windows or self.sessions)


@dataclass(slots=True)
class Week:
    monday: date
    days: list[Day]

    @property
    def previous(self) -> date:
        return self.monday - timedelta(days=7)

    @property
    def next(self) -> date:
        return self.monday + timedelta(days=7)

    @property
    def shown(self) -> list[Day]:
        """Monday to Friday, and of the weekend what is worked."""
        return [day for day in self.days if day.date.weekday() < 5 or day.is_worked or day.is_today]

    @property
    def sessions(self) -> int:
        return sum(day.counted for day in self.days)


def hours_of(actor: Actor) -> list[WorkingHours]:
    """The weekly hours at places in use, in order."""
    return [row for row in weekly_hours_of(actor) if row.location.is_active]


def read_week(actor: Actor, *, monday: date, hours: list[WorkingHours], zone: ZoneInfo, now: datetime) -> Week:
    """What stands in the diary, by day; each session on the day and the clock of its own location."""
    start, end = bounds(monday, 7, zone)
    # A location may be a few hours east or west of the zone that the week is cut by.
    near = timedelta(hours=15)
    standing = (
        Appointment.objects.visible_to(actor)
        .for_lists()
        .between(start - near, end + near)
        .without_cancelled()
        .without_expired_holds(now=now)
        .order_by("starts_at")
    )
    today = local_day(now, zone)
    days = {d: Day(d, is_today=d == today, is_past=d < today) for d in (monday + timedelta(days=n) for n in range(7))}
    for session in with_clinic(sessions_with_notes(standing)):
        if day := days.get(session.local_start.date()):
            day.sessions.append(session)
    exceptions = TimeSlot.objects.visible_to(actor).select_related("location").between(start - near, end + near)
    slots = list(exceptions.order_by("starts_at"))
    off = closed.holidays(monday, monday + timedelta(days=6))
    for day in days.values():
        weekly = [] if day.is_past else hours
        worked = [
            window_on(h, day.date) for h in weekly if h.is_worked_on(day.date) and day.date not in off[h.location_id]
        ]
        for slot in slots:
            there = slot.location.zone if slot.location else zone
            cut = _cut(slot, day.date, there)
            if cut is None:
                continue
            if slot.kind == TimeSlot.Kind.EXTRA:
                worked.append(cut)
            else:
                day.away.append(slot)
        day.windows = joined(worked)
    return Week(monday, list(days.values()))


def _cut(slot: TimeSlot, day: date, zone: ZoneInfo) -> Window | None:
    """The part of a slot that falls on this day, on the wall clock."""
    midnight = datetime.combine(day, MIDNIGHT)
    start = max(wall(slot.starts_at, zone), midnight)
    end = min(wall(slot.ends_at, zone), midnight + timedelta(days=1))
    return (start, end) if start < end else None
