"""Reading the diary for a calendar: a day of many people or a week of one, in four queries either way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from portal.appointments.models import Appointment, TimeSlot, WorkingHours
from portal.appointments.openings import Hours, working_spans
from portal.clinic.models import Location, Psychologist
from portal.patients.models import Patient

STEP_MINUTES = 5
DAY_MINUTES = 24 * 60
# A calendar says who and what. The rest of a patient's row is wide, and its telephone numbers are slow to make.
_SHOWN = {
    "id",
    "code",
    "legal_first_name",
    "legal_last_name",
    "preferred_name",
    "pronouns",
    "date_of_birth",
    "desk_note",
}
_NOT_SHOWN = [f"patient__{f.name}" for f in Patient._meta.concrete_fields if f.name not in _SHOWN] + [
    "service__description"
]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Something that takes up part of one day, cut to that day, on the calendar's wall clock.

    `minute` is where it begins, counted on the wall clock from midnight, and `minutes` how long it really lasts.
    """

    starts_at: datetime
    ends_at: datetime
    minute: int
    minutes: int

    @property
    def row(self) -> int:
        """The first of the day's 288 rows of five minutes that it touches, counted from 1."""
        return self.minute // STEP_MINUTES + 1

    @property
    def span(self) -> int:
        """How many rows it touches."""
        return max(1, -(-(self.minute + self.minutes) // STEP_MINUTES) - self.row + 1)


@dataclass(frozen=True, slots=True)
class Session(Stretch):
    appointment: Appointment


@dataclass(frozen=True, slots=True)
class Work(Stretch):
    """Hours worked at a location; `slot` is set if they are extra."""

    location: Location
    slot: TimeSlot | None = None


@dataclass(frozen=True, slots=True)
class Away(Stretch):
    slot: TimeSlot


@dataclass(frozen=True, slots=True)
class DiaryDay:
    """One day of one psychologist, each list in order of time."""

    psychologist: Psychologist
    day: date
    sessions: list[Session] = field(default_factory=list)
    work: list[Work] = field(default_factory=list)
    away: list[Away] = field(default_factory=list)


def day(
    psychologists: Iterable[Psychologist], day: date, *, zone: tzinfo, now: datetime, cancelled: bool = False
) -> list[DiaryDay]:
    """One day, a psychologist a column, in the order they were given."""
    return columns(psychologists, first_day=day, days=1, zone=zone, now=now, cancelled=cancelled)


def week(
    psychologist: Psychologist, first_day: date, *, zone: tzinfo, now: datetime, cancelled: bool = False, days: int = 7
) -> list[DiaryDay]:
    """Seven days of one psychologist, a day a column."""
    return columns([psychologist], first_day=first_day, days=days, zone=zone, now=now, cancelled=cancelled)


def columns(
    psychologists: Iterable[Psychologist],
    *,
    first_day: date,
    days: int,
    zone: tzinfo,
    now: datetime,
    cancelled: bool = False,
) -> list[DiaryDay]:
    """Every day of everybody: first the days, within them the people as given.

    Days are those of `zone`. Sessions come with patient (name, date of birth, note for the desk), service, location and
    room; holds that ran out don't come, cancelled ones only if asked for.
    """
    people = list(psychologists)
    calendar = [_Day(first_day + timedelta(days=n), zone) for n in range(days)]
    found = [[DiaryDay(person, one.day) for person in people] for one in calendar]
    place = {person.pk: i for i, person in enumerate(people)}
    start, end = calendar[0].start, calendar[-1].end

    hours: defaultdict[int, list[Hours]] = defaultdict(list)
    rows = WorkingHours.objects.filter(psychologist__in=people, location__is_active=True)
    for whose, weekday, starts, ends, its_zone, location_id in rows.order_by("weekday", "starts").values_list(
        "psychologist", "weekday", "starts", "ends", "location__time_zone", "location"
    ):
        hours[whose].append(Hours(weekday, starts, ends, ZoneInfo(its_zone), location_id))
    slots = list(TimeSlot.objects.filter(psychologist__in=people).between(start, end).order_by("starts_at", "pk"))
    appointments = Appointment.objects.filter(psychologist__in=people).between(start, end)
    if not cancelled:
        appointments = appointments.without_cancelled()
    appointments = appointments.without_expired_holds(now=now)
    appointments = list(
        appointments.select_related("patient", "service", "room").defer(*_NOT_SHOWN).order_by("starts_at", "pk")
    )
    locations = Location.objects.in_bulk(
        {w.location_id for windows in hours.values() for w in windows}
        | {row.location_id for row in (*slots, *appointments) if row.location_id}
    )
    for row in slots:
        row.location = locations.get(row.location_id)
    for row in appointments:
        row.location, row.psychologist = locations[row.location_id], people[place[row.psychologist_id]]

    around = timedelta(days=1)
    for whose, windows in hours.items():
        for span, location_id in working_spans(
            hours=windows, first_day=first_day - around, last_day=calendar[-1].day + around
        ):
            for i, cut in _cuts(calendar, span.start, span.end):
                found[i][place[whose]].work.append(Work(*cut, location=locations[location_id]))
    for slot in slots:
        for i, cut in _cuts(calendar, slot.starts_at, slot.ends_at):
            column = found[i][place[slot.psychologist_id]]
            if slot.kind == TimeSlot.Kind.BLOCKED:
                column.away.append(Away(*cut, slot=slot))
            else:
                column.work.append(Work(*cut, location=slot.location, slot=slot))
    for appointment in appointments:
        for i, cut in _cuts(calendar, appointment.starts_at, appointment.ends_at):
            found[i][place[appointment.psychologist_id]].sessions.append(Session(*cut, appointment=appointment))
    for column in (one for line in found for one in line):
        column.work.sort(key=lambda work: (work.starts_at.astimezone(UTC), work.ends_at.astimezone(UTC)))
    return [one for line in found for one in line]


class _Day:
    def __init__(self, day: date, zone: tzinfo) -> None:
        self.day, self.zone = day, zone
        self.start = datetime.combine(day, time(), zone).astimezone(UTC)
        self.end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)


def _cuts(
    calendar: list[_Day], start: datetime, end: datetime
) -> Iterator[tuple[int, tuple[datetime, datetime, int, int]]]:
    """The part of a stretch that falls on each day, with the day's place."""
    for i, one in enumerate(calendar):
        if start < one.end and end > one.start:
            begins, ends = max(start, one.start), min(end, one.end)
            shown = begins.astimezone(one.zone)
            minute = shown.hour * 60 + shown.minute
            minutes = min(int((ends - begins).total_seconds()) // 60, DAY_MINUTES - minute)
            yield i, (shown, ends.astimezone(one.zone), minute, minutes)
