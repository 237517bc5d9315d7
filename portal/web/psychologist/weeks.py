"""A psychologist's week, drawn from hours, exceptions and sessions: three queries, however full it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils import timezone

from portal.appointments import closed
from portal.appointments.listing import with_clinic
from portal.appointments.models import Appointment, TimeSlot, WorkingHours
from portal.clinic import kept
from portal.common.access.actors import Actor
from portal.common.languages.times import local_day
from portal.records.session_notes import sessions_with_notes

MIDNIGHT = time()

# From when until when, on the wall clock.
Window = tuple[datetime, datetime]


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
    return [row for row in all_hours_of(actor) if row.location.is_active]


def all_hours_of(actor: Actor) -> list[WorkingHours]:
    """The weekly hours, those at places out of use too, in order."""
    return list(WorkingHours.objects.visible_to(actor).select_related("location").order_by("weekday", "starts"))


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
            _window(h, day.date) for h in weekly if h.is_worked_on(day.date) and day.date not in off[h.location_id]
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
        day.windows = _joined(worked)
    return Week(monday, list(days.values()))


def _window(hours: WorkingHours, day: date) -> Window:
    starts = datetime.combine(day, hours.starts)
    return starts, starts + timedelta(minutes=hours.minutes)


def _wall(moment: datetime, zone: ZoneInfo) -> datetime:
    return timezone.localtime(moment, zone).replace(tzinfo=None)


def _cut(slot: TimeSlot, day: date, zone: ZoneInfo) -> Window | None:
    """The part of a slot that falls on this day, on the wall clock."""
    midnight = datetime.combine(day, MIDNIGHT)
    start = max(_wall(slot.starts_at, zone), midnight)
    end = min(_wall(slot.ends_at, zone), midnight + timedelta(days=1))
    return (start, end) if start < end else None


def _joined(windows: list[Window]) -> list[Window]:
    joined: list[Window] = []
    for start, end in sorted(windows):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


# ---- Who is left outside --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Left:
    """A session that stands where its psychologist doesn't work (any more)."""

    session: Appointment
    # The time away that it stands in; none if it is simply outside the hours.
    away: TimeSlot | None


def outside_hours(
    actor: Actor, *, hours: list[WorkingHours], now: datetime, without: TimeSlot | None = None
) -> list[Left]:
    """Sessions to come that stand in time away or outside the hours, soonest first. Three queries.

    `without` leaves out one exception, as if it were removed.
    """
    coming, places = Appointment.objects.visible_to(actor).upcoming(now=now), kept.places()
    # All of them are looked at for their time and place alone; whose they are is read of the few that are left.
    sessions = [_Coming(*row) for row in coming.values_list("pk", "starts_at", "ends_at", "location", "mode")]
    if not sessions:
        return []
    slots = list(
        TimeSlot.objects.visible_to(actor)
        .between(sessions[0].starts_at, max(session.ends_at for session in sessions))
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
    start, end = _wall(session.starts_at, zone), _wall(session.ends_at, zone)
    day = start.date()
    if closed.holiday_on(session.location, session.starts_at):
        hours = []
    there = [h for h in hours if h.location_id == session.location and h.is_worked_on(day)]
    worked = [_window(h, day) for h in there if h.is_for(session.mode)]
    # Whole slots, not cut to the day: extra hours may cross midnight.
    worked += [
        (_wall(slot.starts_at, zone), _wall(slot.ends_at, zone))
        for slot in slots
        if slot.kind == TimeSlot.Kind.EXTRA and slot.location_id == session.location
    ]
    return any(begins <= start and end <= ends for begins, ends in _joined(worked))
