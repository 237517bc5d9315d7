"""Choosing a time: one week of free times, of one psychologist or of whoever is free, as each page shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from portal.appointments import diary
from portal.appointments.models import Appointment
from portal.appointments.openings import Opening
from portal.appointments.parts_of_day import PartOfDay
from portal.clinic import kept
from portal.clinic.booking_rules import rules_of
from portal.clinic.models import ClinicSettings, Location, Mode, Psychologist, Service
from portal.common.languages.times import are_apart, iso, place_of_zone
from portal.journeys.own_sessions import OwnSession, OwnSessions

# How many times stand before all others.
SOONEST = 3
NOBODYS = OwnSessions()


@dataclass(slots=True)
class FreeTime:
    """One time that can be chosen, at one location, and who is free then."""

    starts_at: datetime
    ends_at: datetime
    location: Location
    psychologists: list[Psychologist] = field(default_factory=list)
    # How it would be held, where that is asked for: a time by video or phone is at no place.
    mode: str | None = None
    # The ways in which it can be held, where not every way that was asked for will do.
    ways: tuple[str, ...] = ()
    # On a page for whoever is free: who would hold it, and for how much where that differs, in dollars with GST.
    who: Psychologist | None = None
    fee: Decimal | None = None

    @property
    def zone(self) -> ZoneInfo:
        return self.location.zone

    @property
    def where(self) -> str:
        """What tells it from the same time elsewhere: the place; by video or phone, on whose clock it is."""
        return self.location.name if self.mode in {None, Mode.IN_PERSON} else place_of_zone(self.zone)

    @property
    def day(self) -> date:
        """The date there."""
        return self.location.day_of(self.starts_at)

    @property
    def monday(self) -> date:
        """Of the week that it falls in, there."""
        return monday_of(self.day)

    @property
    def value(self) -> str:
        """What a form sends back for this time; read by `read_time`, with a name by `read_whose_time`."""
        time = f"{self.starts_at.astimezone(UTC):%Y-%m-%dT%H:%MZ} {self.location.slug}"
        return f"{time} {self.who.slug}" if self.who else time


@dataclass(slots=True)
class Day:
    date: date
    times: list[FreeTime]

    @property
    def parts(self) -> list[tuple[PartOfDay, list[FreeTime]]]:
        """Its times by the parts of the day that have any."""
        found: dict[PartOfDay, list[FreeTime]] = {}
        for free in self.times:
            found.setdefault(PartOfDay.of(free.starts_at, free.zone), []).append(free)
        return [(part, found[part]) for part in PartOfDay if part in found]

    @property
    def empty_half(self) -> PartOfDay | None:
        """The morning or the afternoon, where that has no time and the other half has some."""
        having = {part for part, _ in self.parts}
        empty = [half for half in (PartOfDay.MORNING, PartOfDay.AFTERNOON) if half not in having]
        return empty[0] if len(empty) == 1 else None


@dataclass(slots=True)
class Week:
    """Monday to Sunday. `previous` and `next` are Mondays, or None where there is nothing to turn to."""

    monday: date
    days: list[Day]
    previous: date | None
    next: date | None
    # Where the open day or the whole week is empty: the next free time after it, else the first of all, if any.
    first_free: FreeTime | None
    # Whether somebody turned to this very week; if not, it is the one that the page opened on.
    is_asked_for: bool
    # Whether the page opened on it because no week before it has a time.
    is_first_with_times: bool = False
    # Whether no week before it can have one.
    is_first: bool = False
    # The day of it that somebody turned to.
    asked_day: date | None = None
    # The one that is open where nobody turned to another, as far as it has a time.
    likely_day: date | None = None
    # The sessions of one's own for which times of this week are left out.
    left_out: list[OwnSession] = field(default_factory=list)

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)

    @property
    def noon(self) -> datetime:
        """A moment in the middle of the week, to tell which offset from UTC its times have."""
        return datetime.combine(self.monday + timedelta(days=3), time(12), tzinfo=UTC)

    @property
    def is_empty(self) -> bool:
        return not any(d.times for d in self.days)

    @property
    def times(self) -> list[FreeTime]:
        """All of the week, the soonest first."""
        return [free for day in self.days for free in day.times]

    @property
    def soonest(self) -> list[FreeTime]:
        """The next free times of all, where this week has them: people who only want the first look no further."""
        return self.times[:SOONEST] if self.is_first or self.is_first_with_times else []

    @property
    def open(self) -> Day:
        """The day whose times are shown: the one asked for, the likely one, the first that has any, or the first."""
        asked = [day for day in self.days if day.date == self.asked_day]
        likely = [day for day in self.days if day.date == self.likely_day and day.times]
        return next(iter([*asked, *likely, *(day for day in self.days if day.times)]), self.days[0])

    @property
    def zones(self) -> list[ZoneInfo]:
        return list({t.location.time_zone: t.zone for d in self.days for t in d.times}.values())

    def other_clock(self, clock: ZoneInfo | None) -> ZoneInfo | None:
        """The reader's own, where it shows another time than a place's at any time of the week."""
        differs = clock and any(are_apart(free.zone, clock, at=free.starts_at) for free in self.times)
        return clock if differs else None

    @property
    def in_several_places(self) -> bool:
        """Looks at every time: ask once, not for each of them."""
        return len({t.where for d in self.days for t in d.times}) > 1


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def week_asked_for(day: date | None) -> date | None:
    """The Monday of the week that an address names, or None: also of a year that no calendar here should turn to."""
    return monday_of(day) if day and 2000 <= day.year <= 2200 else None


def ways_to_meet(psychologists: Iterable[Psychologist], service: Service) -> list[Mode]:
    """The ways in which at least one of them gives a service, in their usual order."""
    given = {mode for psychologist in psychologists for mode in psychologist.modes_for(service)}
    return [mode for mode in service.modes if mode in given]


def week_of_times(
    *,
    psychologists: Sequence[Psychologist],
    service: Service,
    monday: date,
    now: datetime,
    clinic: ClinicSettings,
    mode: str | None = None,
    location: Location | None = None,
    part: PartOfDay | None = None,
    ignore: Appointment | None = None,
    for_staff: bool = False,
    is_asked_for: bool = True,
    day: date | None = None,
    likely_day: date | None = None,
    own: OwnSessions = NOBODYS,
) -> Week:
    """The free times of the week that begins on `monday`, merged over `psychologists`, in a fixed number of queries.

    Where nobody asked for that very week and it has no time, it is the first week that has one: a page that opens on a
    Sunday evening opens on Monday's week. Only times at `location` and in this `part` of the day, if given. `day` was
    turned to; `likely_day` is what is open without one, if it has a time. What meets `own` sessions is left out. Staff
    also see times inside the notice and beyond the horizon.
    """
    met: set[OwnSession] = set()
    places = {location.pk: location} if location else open_places()

    def fits(psychologist: Psychologist, opening: Opening) -> bool:
        place = places.get(opening.location_id)
        if place is None or is_present(psychologist, opening, ignore, mode=mode):
            return False
        if part is not None and PartOfDay.of(opening.starts_at, place.zone) != part:
            return False
        met.update(theirs := own.meeting(opening.starts_at, opening.ends_at))
        return not theirs

    found = diary.openings_of(
        psychologists,
        service=service,
        first_day=monday,
        days=7,
        now=now,
        clinic=clinic,
        mode=mode,
        ignore=ignore,
        for_staff=for_staff,
    )
    merged: dict[tuple[datetime, str], FreeTime] = {}
    for psychologist in psychologists:
        for opening in found.get(psychologist.pk, []):
            if not fits(psychologist, opening):
                continue
            free = as_free_time(psychologist, opening, places, mode=mode)
            same = merged.setdefault((free.starts_at, free.where), free)
            # By video several places are one time; it is held at that of whoever comes first.
            if same is not free and same.location.pk == opening.location_id:
                same.psychologists.append(psychologist)
    days = [Day(monday + timedelta(days=n), []) for n in range(7)]
    for free in sorted(merged.values(), key=lambda f: (f.starts_at, f.location.position, f.location.pk)):
        offset = (free.location.day_of(free.starts_at) - monday).days
        if 0 <= offset < 7:
            days[offset].times.append(free)
    here = clinic.today(now)
    last = monday_of(here + rules_of(service, clinic=clinic).horizon)
    week = Week(
        monday=monday,
        days=days,
        previous=monday - timedelta(days=7) if monday > monday_of(here) else None,
        next=monday + timedelta(days=7) if for_staff or monday < last else None,
        first_free=None,
        is_asked_for=is_asked_for,
        is_first=monday <= monday_of(here),
        asked_day=day,
        likely_day=likely_day,
        left_out=sorted(met, key=lambda each: each.starts_at),
    )
    if week.open.times:
        return week

    def fits_later(psychologist: Psychologist, opening: Opening) -> bool:
        turned_to = monday if week.is_empty else week.open.date
        return fits(psychologist, opening) and places[opening.location_id].day_of(opening.starts_at) >= turned_to

    is_turned_to = is_asked_for or not week.is_empty
    for wanted in (fits_later, fits) if is_turned_to else (fits,):
        coming = diary.next_openings(
            psychologists,
            service=service,
            now=now,
            clinic=clinic,
            mode=mode,
            ignore=ignore,
            count=1,
            for_staff=for_staff,
            fits=wanted,
        )
        if coming:
            week.first_free = as_free_time(*coming[0], places, mode=mode)
            break
    if is_turned_to or week.first_free is None:
        return week
    first = week_of_times(
        psychologists=psychologists,
        service=service,
        monday=week.first_free.monday,
        now=now,
        clinic=clinic,
        mode=mode,
        location=location,
        part=part,
        ignore=ignore,
        for_staff=for_staff,
        own=own,
    )
    return replace(first, is_asked_for=False, is_first_with_times=True)


def open_places() -> dict[int, Location]:
    """The locations in use, by id."""
    return {pk: place for pk, place in kept.places().items() if place.is_active}


def is_present(psychologist: Psychologist, opening: Opening, session: Appointment | None, *, mode: str | None) -> bool:
    """Whether this is where a session that is to be moved stands already: no move, so it is not offered as one."""
    return (
        session is not None
        and session.psychologist_id == psychologist.pk
        and session.starts_at == opening.starts_at
        and session.location_id == opening.location_id
        and mode in {None, session.mode}
    )


def is_free(
    session: Appointment, *, starts_at: datetime, location: Location, now: datetime, clinic: ClinicSettings
) -> bool:
    """Whether a session could be moved to this time, with the same psychologist and in the same way."""
    found = diary.openings_of(
        [session.psychologist],
        service=session.service,
        first_day=location.day_of(starts_at),
        days=1,
        now=now,
        clinic=clinic,
        mode=session.mode,
        ignore=session,
    )
    there = found[session.psychologist_id]
    return any((each.starts_at, each.location_id) == (starts_at, location.pk) for each in there)


def as_free_time(
    psychologist: Psychologist, opening: Opening, places: Mapping[int, Location], *, mode: str | None
) -> FreeTime:
    place = places[opening.location_id]
    return FreeTime(opening.starts_at, opening.ends_at, place, [psychologist], mode, opening.modes)


def nearest_times(
    *,
    psychologists: Sequence[Psychologist],
    service: Service,
    around: datetime,
    now: datetime,
    clinic: ClinicSettings,
    mode: str | None = None,
    ignore: Appointment | None = None,
    count: int = 3,
    for_staff: bool = False,
    same_too: bool = False,
    own: OwnSessions = NOBODYS,
) -> list[FreeTime]:
    """What to offer when `around` was just taken: the nearest other times, the earliest first.

    `same_too` also offers the same time, with somebody else who is free then.
    """
    places = open_places()
    if len(psychologists) > 1:
        psychologists = diary.for_anybody(psychologists, service=service, around=around)
    near = diary.nearest_openings(
        psychologists,
        service=service,
        around=around,
        now=now,
        clinic=clinic,
        mode=mode,
        ignore=ignore,
        # As many more as may be left out.
        count=count + (ignore is not None) + (2 * count if own.of_each else 0),
        for_staff=for_staff,
        same_too=same_too,
    )
    found = [
        as_free_time(p, o, places, mode=mode)
        for p, o in near
        if o.location_id in places
        and not is_present(p, o, ignore, mode=mode)
        and not own.meeting(o.starts_at, o.ends_at)
    ]
    return sorted(found[:count], key=lambda free: free.starts_at)


def in_turn(psychologists: Sequence[Psychologist], *, service: Service, monday: date) -> list[Psychologist]:
    """In the order in which a page for anybody names them, around this week: `diary.for_anybody`."""
    midweek = datetime.combine(monday + timedelta(days=3), time(12), tzinfo=UTC)
    return diary.for_anybody(psychologists, service=service, around=midweek)


def name_who(times: Iterable[FreeTime], *, fees: Mapping[int, Decimal]) -> None:
    """Names for each time who would hold it, the first who is free, with their fee where fees differ."""
    differ = len(set(fees.values())) > 1
    for free in times:
        free.who = free.psychologists[0]
        free.fee = fees.get(free.who.pk) if differ else None


def whose_time(starts_at: datetime, location: Location, psychologist: Psychologist) -> str:
    """How an address says a time with its place and its psychologist."""
    return f"{iso(starts_at)} {location.slug} {psychologist.slug}"


def read_whose_time(value: str) -> tuple[datetime, Location, str]:
    """The same with the psychologist that the page named, by their slug; empty where it named none."""
    stamp, _, rest = value.partition(" ")
    place, _, slug = rest.partition(" ")
    return *read_time(f"{stamp} {place}"), slug


def read_time(value: str) -> tuple[datetime, Location]:
    """The time and location that a form sent back; raises ValueError on anything that `FreeTime.value` never wrote."""
    stamp, _, slug = value.partition(" ")
    starts_at = datetime.strptime(stamp, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
    if week_asked_for(starts_at.date()) is None:
        # At the ends of the calendar there is no other zone's date to reckon with.
        raise ValueError("not a time of this age")
    location = next((place for place in open_places().values() if place.slug == slug), None)
    if location is None:
        raise ValueError("no such location")
    return starts_at, location
