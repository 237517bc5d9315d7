"""Reading the diary: what is free, in a number of queries that does not grow with how many people are asked about.

A hold that ran out takes no time. A session in person needs a room where the location has rooms: such a time is only
offered while one of them is free throughout, or people would be shown times that can't be booked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from portal.appointments import closed, rows
from portal.appointments.calendars import DiaryDay, columns, day, week
from portal.appointments.hours import weekly_hours
from portal.appointments.models import Appointment, TimeSlot
from portal.appointments.openings import Closed, Extra, Hours, Opening, Seconds, Span, by_way, joined, openings
from portal.clinic.booking_rules import rules_of
from portal.clinic.kept import places, rooms
from portal.clinic.kept import psychologists as known_psychologists
from portal.clinic.models import ClinicSettings, Mode, Psychologist, Service

__all__ = [
    "DiaryDay",
    "booking_times",
    "columns",
    "day",
    "first_openings",
    "for_anybody",
    "nearest_openings",
    "next_openings",
    "openings_of",
    "week",
]

# Over how long work is spread evenly.
FAIRNESS = timedelta(days=14)
# No local day of any zone begins or ends further than this from the same day in UTC.
WIDEST_OFFSET = timedelta(hours=15)


def openings_of(
    psychologists: Iterable[Psychologist],
    *,
    service: Service | Mapping[int, Service],
    first_day: date,
    days: int,
    now: datetime,
    clinic: ClinicSettings,
    ignore: Appointment | None = None,
    mode: Mode | str | None = None,
    for_staff: bool = False,
    reading: Reading | None = None,
    without: Collection[int] = (),
) -> dict[int, list[Opening]]:
    """What is free on `days` local days from `first_day`, by psychologist's id; everybody asked about has a list.

    `service` is one for all, or each psychologist's own by their id: those without one have no free times.
    `ignore` is an appointment being moved: its own time counts as free. `mode` says how the session is to be held: who
    doesn't give the service that way has no free times, unless it is theirs to move. Without it, rooms only matter to
    who gives the service in person and no other way. Staff see times inside the notice and beyond the horizon too, but
    none that has begun. `without` are the ids of more sessions that are being moved. Days out of reach are not looked
    at, so that a year 9999 in an address is answered, and quickly. Whoever asks about many sessions hands over one
    `reading` that holds these people and days: then nothing is read here, and the time of `ignore` counts as taken.
    """
    everybody = list(psychologists)
    own = service if isinstance(service, Mapping) else dict.fromkeys((p.pk for p in everybody), service)
    ways = {p.pk: ways_of(p, own[p.pk], mode=mode, ignore=ignore) for p in everybody if p.pk in own}
    asked = [p for p in everybody if _can_take(p, ignore) and ways.get(p.pk) and own[p.pk].is_active]
    found: dict[int, list[Opening]] = {p.pk: [] for p in everybody}
    times = {wanted: booking_times(wanted, clinic=clinic, now=now, for_staff=for_staff) for wanted in set(own.values())}
    if not asked or days < 1:
        return found
    soonest = (min(earliest for earliest, _latest in times.values()) - WIDEST_OFFSET).date()
    furthest = (max(latest for _earliest, latest in times.values()) + WIDEST_OFFSET).date()
    last_day = first_day + timedelta(days=min(days - 1, max((furthest - first_day).days, 0)))
    if first_day > furthest or last_day < soonest:
        return found
    first_day = max(first_day, soonest)
    start, end = _around(first_day, last_day, services=[own[p.pk] for p in asked])
    hours = weekly_hours()
    days_off, shut = closed_days(first_day, last_day, start=start, end=end)
    apart = closed.is_by_way(shut)
    needs_room = {p.pk for p in asked if _may_need_room(own[p.pk], ways[p.pk], hours.get(p.pk, ()), apart=apart)}
    dated = reading.dated if reading else Dated(asked, start=start, end=end)
    at = {location for pk in needs_room for location in dated.places(pk)} if needs_room else set()
    taken = (
        reading.taken
        if reading
        else Taken(asked, start=start, end=end, now=now, ignore=ignore, rooms_at=at, without=without)
    )
    full: dict[Service, Mapping[int, Closed]] = {}
    for psychologist in asked:
        pk, wanted = psychologist.pk, own[psychologist.pk]
        if pk in needs_room and wanted not in full:
            full[wanted] = {location: taken.full(location, wanted) for location in at}
        found[pk] = joined(
            [
                (
                    same,
                    openings(
                        hours=windows,
                        extra=dated.extra[pk],
                        blocked=dated.blocked(pk),
                        busy=taken.busy[pk],
                        full=full.get(wanted, {}) if all(wanted.takes_room(way) for way in same) else {},
                        days_off=days_off,
                        shut=closed.spans(shut, same),
                        minutes=wanted.minutes,
                        buffer_before=wanted.buffer_before,
                        buffer_after=wanted.buffer_after,
                        step_minutes=clinic.slot_step_minutes,
                        earliest=times[wanted][0],
                        latest=times[wanted][1],
                        first_day=first_day,
                        last_day=last_day,
                    ),
                )
                for windows, same in by_way(hours.get(pk, ()), ways[pk], apart=apart)
            ]
        )
    return found


def _may_need_room(service: Service, ways: Sequence[Mode], hours: Iterable[Hours], *, apart: bool) -> bool:
    """Whether some of somebody's time can only be used with a room: they meet nobody without one, or not then."""
    with_room = [way for way in ways if service.takes_room(way)]
    return bool(with_room) and (len(with_room) == len(ways) or apart or any(window.modes for window in hours))


def _can_take(psychologist: Psychologist, moving: Appointment | None) -> bool:
    """Whether they practise here; who is only off the website still moves a session that is theirs."""
    own = moving is not None and moving.psychologist_id == psychologist.pk
    return psychologist.is_active or (own and not psychologist.has_left)


def booking_times(
    service: Service, *, clinic: ClinicSettings, now: datetime, for_staff: bool = False
) -> tuple[datetime, datetime]:
    """The first and the last moment at which a session of this service that is booked now may start."""
    if for_staff:
        return now, now + timedelta(days=5 * 366)
    return rules_of(service, clinic=clinic).times(now=now)


def ways_of(
    psychologist: Psychologist, service: Service, *, mode: Mode | str | None, ignore: Appointment | None = None
) -> list[Mode]:
    """In which ways a session may be held with this psychologist, of all or of the one asked for; perhaps none."""
    if ignore is not None and ignore.psychologist_id == psychologist.pk and mode in {None, ignore.mode}:
        # What was agreed with them stays agreed.
        return [Mode(ignore.mode)]
    given = psychologist.modes_for(service)
    return [way for way in given if way == mode] if mode else given


def next_openings(
    psychologists: Sequence[Psychologist],
    *,
    service: Service,
    now: datetime,
    clinic: ClinicSettings,
    count: int = 3,
    ignore: Appointment | None = None,
    mode: Mode | str | None = None,
    for_staff: bool = False,
    fits: Callable[[Psychologist, Opening], bool] | None = None,
) -> list[tuple[Psychologist, Opening]]:
    """The next `count` times that are free with anybody, soonest first, each time once; `fits` leaves out others.

    Looks at a week, then at twice as much again and again, so that the queries grow with the logarithm of the wait.
    """
    psychologists = list(psychologists)
    found: dict[datetime, tuple[Psychologist, Opening]] = {}
    for first_day, days in _further_and_further(*booking_times(service, clinic=clinic, now=now, for_staff=for_staff)):
        if len(found) >= count:
            break
        by_id = openings_of(
            psychologists,
            service=service,
            first_day=first_day,
            days=days,
            now=now,
            clinic=clinic,
            ignore=ignore,
            mode=mode,
            for_staff=for_staff,
        )
        for psychologist in psychologists:
            for opening in by_id[psychologist.pk]:
                if fits is None or fits(psychologist, opening):
                    found.setdefault(opening.starts_at, (psychologist, opening))
    return [found[starts_at] for starts_at in sorted(found)[:count]]


def first_openings(
    psychologists: Sequence[Psychologist],
    *,
    service: Service,
    now: datetime,
    clinic: ClinicSettings,
    mode: Mode | str | None = None,
) -> dict[int, Opening]:
    """Each psychologist's next free time, by id; those who have none before the horizon are left out."""
    waiting = list(psychologists)
    found: dict[int, Opening] = {}
    for first_day, days in _further_and_further(*booking_times(service, clinic=clinic, now=now)):
        if not waiting:
            break
        by_id = openings_of(waiting, service=service, first_day=first_day, days=days, now=now, clinic=clinic, mode=mode)
        found |= {pk: listed[0] for pk, listed in by_id.items() if listed}
        waiting = [p for p in waiting if p.pk not in found]
    return found


def _further_and_further(earliest: datetime, latest: datetime) -> Iterator[tuple[date, int]]:
    """A week, the two weeks after it, the four after those, until `latest`: first day and how many."""
    first_day, days = (earliest - WIDEST_OFFSET).date(), 7
    while first_day <= (latest + WIDEST_OFFSET).date():
        yield first_day, days
        first_day, days = first_day + timedelta(days=days), days * 2


def for_anybody(psychologists: Iterable[Psychologist], *, service: Service, around: datetime) -> list[Psychologist]:
    """Orders people for "anybody who is free": who asks the lowest fee, of those whoever has the least to do around.

    Who leaves the choice to the clinic expects to pay no more than they must for the time: a dearer colleague is
    chosen by name. The fee decides, not what is left after Medicare, which depends on a referral nobody has seen yet.
    Among equal fees the work of the two weeks on either side is spread evenly.
    """
    asked = list(psychologists)
    load = dict(rows.loads([p.pk for p in asked], around - FAIRNESS, around + FAIRNESS))
    priced = known_psychologists()
    return sorted(asked, key=lambda p: (priced[p.pk].fee_for(service), load.get(p.pk, 0), p.position, p.pk))


def nearest_openings(
    psychologists: Sequence[Psychologist],
    *,
    service: Service,
    around: datetime,
    now: datetime,
    clinic: ClinicSettings,
    count: int = 3,
    mode: Mode | str | None = None,
    ignore: Appointment | None = None,
    for_staff: bool = False,
    same_too: bool = False,
) -> list[tuple[Psychologist, Opening]]:
    """The `count` free times nearest to `around`, other than it unless `same_too`, nearest first, each time once.

    Looks at three days on either side, then wider, until what it has is nearer than anything it has not looked at.
    """
    psychologists = list(psychologists)
    earliest, latest = booking_times(service, clinic=clinic, now=now, for_staff=for_staff)
    centre = min(max(around, earliest), latest)
    reach = 3
    while True:
        start = centre.astimezone(UTC).date() - timedelta(days=reach)
        by_id = openings_of(
            psychologists,
            service=service,
            first_day=start,
            days=2 * reach + 1,
            now=now,
            clinic=clinic,
            ignore=ignore,
            mode=mode,
            for_staff=for_staff,
        )
        found: dict[datetime, tuple[Psychologist, Opening]] = {}
        for psychologist in psychologists:
            for opening in by_id[psychologist.pk]:
                if same_too or opening.starts_at != around:
                    found.setdefault(opening.starts_at, (psychologist, opening))
        nearest = sorted(found, key=lambda at: (abs(at - centre), at))[:count]
        # A day at the edge may be cut off by its zone, so only what lies well inside is sure to be nearest.
        sure = timedelta(days=reach) - WIDEST_OFFSET - timedelta(days=1)
        seen_all = centre - sure <= earliest and latest <= centre + sure
        if seen_all or (len(nearest) == count and abs(nearest[-1] - centre) <= sure):
            return [found[at] for at in nearest]
        reach *= 3


# ---- What the questions above stand on -------------------------------------------------------------------------------


def _around(first_day: date, last_day: date, *, services: Sequence[Service]) -> tuple[datetime, datetime]:
    """What sessions of these services may touch that start on these local days, wherever the clinic has a place."""
    zones: set[tzinfo] = {place.zone for place in places().values()} or {UTC}
    before = max(service.buffer_before for service in services)
    after = max(service.minutes + service.buffer_after for service in services)
    first = min(datetime.combine(first_day, time(), zone).astimezone(UTC) for zone in zones)
    last = max(datetime.combine(last_day + timedelta(days=1), time(), zone).astimezone(UTC) for zone in zones)
    return first - timedelta(minutes=before), last + timedelta(minutes=after)


def closed_days(
    first_day: date, last_day: date, *, start: datetime, end: datetime
) -> tuple[Mapping[int, Mapping[date, str]], Mapping[int, Sequence[closed.Shut]]]:
    """Which days places have off, and when they are shut, by their ids. No query."""
    # Hours of the day before or after may adjoin.
    near = timedelta(days=1)
    return closed.holidays(first_day - near, last_day + near), closed.shut_between(start, end)


class Dated:
    """The exceptions to weekly hours: extra time, time away, and unless `by_hours_alone` what people have elsewhere.

    One query.
    """

    def __init__(
        self, psychologists: Sequence[Psychologist], *, start: datetime, end: datetime, by_hours_alone: bool = False
    ) -> None:
        self.extra: defaultdict[int, list[Extra]] = defaultdict(list)
        self.leave: defaultdict[int, list[Span]] = defaultdict(list)
        self.elsewhere: defaultdict[int, list[Span]] = defaultdict(list)
        known = places()
        # Plain values: a page of many people reads hundreds of these, and needs no models made of them.
        for whose, kind, starts_at, ends_at, location in rows.dated(
            [p.pk for p in psychologists], start, end, by_hours_alone=by_hours_alone
        ):
            if kind == rows.ELSEWHERE:
                self.elsewhere[whose].append(Span(starts_at, ends_at))
            elif kind == TimeSlot.Kind.BLOCKED:
                self.leave[whose].append(Span(starts_at, ends_at))
            elif known[location].is_active:
                self.extra[whose].append(Extra(starts_at, ends_at, known[location].zone, location))

    def blocked(self, psychologist: int) -> list[Span]:
        """When somebody can't be there."""
        return [*self.leave.get(psychologist, ()), *self.elsewhere.get(psychologist, ())]

    def places(self, psychologist: int) -> set[int]:
        """Where somebody works in these days."""
        weekly = {window.location_id for window in weekly_hours().get(psychologist, ())}
        return weekly | {window.location_id for window in self.extra[psychologist]}


class Taken:
    """What stands in people's diaries, buffers included, and what is taken of the rooms at some places. One query."""

    def __init__(
        self,
        psychologists: Sequence[Psychologist],
        *,
        start: datetime,
        end: datetime,
        now: datetime,
        ignore: Appointment | None = None,
        rooms_at: Iterable[int] = (),
        without: Collection[int] = (),
    ) -> None:
        self.busy: defaultdict[int, list[Seconds]] = defaultdict(list)
        in_use = rooms()
        self._of_rooms: dict[int, dict[int, list[Seconds]]] = {
            location: {room: [] for room in in_use[location]} for location in rooms_at if location in in_use
        }
        spans = {room: taken for by_room in self._of_rooms.values() for room, taken in by_room.items()}
        asked = {p.pk for p in psychologists}
        moved = [*without, *([] if ignore is None else [ignore.pk])]
        for whose, room, begins, ends in rows.taken(asked, list(spans), start, end, now=now, without=moved):
            span = Seconds(begins, ends)
            if whose in asked:
                self.busy[whose].append(span)
            if room in spans:
                spans[room].append(span)

    def full(self, location: int, service: Service) -> Closed:
        """When no room of a location is free for a session of a service; a place with no rooms on file takes any
        number."""
        after, before = (service.minutes + service.buffer_after) * 60, service.buffer_before * 60
        return Closed.everywhere(
            [
                Closed((begins - after, ends + before) for begins, ends in taken)
                for taken in self._of_rooms.get(location, {}).values()
            ]
        )


class Reading:
    """The diaries of some people on some local days, read once, whatever is asked of them then. Two queries.

    Without `with_rooms` a room is always free. `without` are the ids of sessions that take no time.
    """

    def __init__(
        self,
        psychologists: Sequence[Psychologist],
        *,
        services: Sequence[Service],
        first_day: date,
        days: int,
        now: datetime,
        with_rooms: bool = True,
        without: Collection[int] = (),
    ) -> None:
        start, end = _around(first_day, first_day + timedelta(days=days - 1), services=services)
        self.dated = Dated(psychologists, start=start, end=end)
        at = {place for p in psychologists for place in self.dated.places(p.pk)} if with_rooms else set()
        self.taken = Taken(psychologists, start=start, end=end, now=now, rooms_at=at, without=without)
