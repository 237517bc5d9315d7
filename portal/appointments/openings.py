"""The free times of one psychologist: one pure function, no clock, no database.

What a day with a clock change means, decided once and used everywhere:

- Weekly hours stand on the location's wall clock. Sessions start on a grid of wall-clock steps from a window's start.
- A session lasts its minutes as they elapse, whatever the clock does meanwhile.
- A wall time that doesn't exist (clocks go forward) is never offered. A window that begins or ends on one begins or
  ends at the moment of the change.
- A wall time that comes twice (clocks go back) means its first coming, for a session's start and for both edges of a
  window. So it is offered once and can't be sold twice, and a window that ends on one ends early rather than late.

Inside, times are whole seconds since 1970 in UTC and wall times are the same count on a clock without a zone: integers
compare, sort and bisect quickly, and no arithmetic can slip an hour.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple, TypeVar

DAY = 24 * 60 * 60
_EPOCH_DAY = date(1970, 1, 1).toordinal()
# A way of meeting, by whatever name its caller has for it.
Way = TypeVar("Way", bound=str)
_EPOCH_WALL = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall clock's zero has no zone


@dataclass(frozen=True, slots=True)
class Span:
    """Time from `start` (inclusive) to `end` (exclusive), both aware."""

    start: datetime
    end: datetime


class Seconds(NamedTuple):
    """The same in whole seconds since 1970."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Hours:
    """A window of every week on a wall clock; `weekday` 0 is Monday. It ends on the day it starts, or at its 24:00,
    which is an `ends` of 00:00.

    `modes` are the ways of meeting that it is for; none means every way. It is worked from the day `valid_from` to the
    day `valid_until`, both inclusive; without one it has no such end.
    """

    weekday: int
    starts: time
    ends: time
    zone: tzinfo
    location_id: int
    modes: frozenset[str] = frozenset()
    valid_from: date | None = None
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Extra:
    """One dated window besides the weekly hours; it may cross midnight."""

    start: datetime
    end: datetime
    zone: tzinfo
    location_id: int


class Opening(NamedTuple):
    """A session that can be booked: aware UTC, without its buffers."""

    starts_at: datetime
    ends_at: datetime
    location_id: int
    # The ways in which it can be held, where not every way that was asked for will do.
    modes: tuple[str, ...] = ()


class _Window(NamedTuple):
    begin: int
    end: int
    location_id: int
    zone: tzinfo
    # Where the grid begins, on the wall clock.
    wall: int


def openings(
    *,
    hours: Iterable[Hours],
    extra: Iterable[Extra] = (),
    blocked: Iterable[Span] = (),
    busy: Iterable[Span | Seconds] = (),
    full: Mapping[int, Closed] = MappingProxyType({}),
    days_off: Mapping[int, Container[date]] = MappingProxyType({}),
    shut: Mapping[int, Iterable[Span]] = MappingProxyType({}),
    minutes: int,
    buffer_before: int = 0,
    buffer_after: int = 0,
    step_minutes: int,
    earliest: datetime,
    latest: datetime,
    first_day: date,
    last_day: date,
) -> list[Opening]:
    """Lists the sessions of `minutes` that can start on the local days `first_day` to `last_day`, in order of time.

    A session starts between `earliest` and `latest` (both inclusive), lies inside hours and extra time of one location,
    and touches nothing in `blocked`. With its buffers it touches nothing in `busy`, whose spans already contain theirs.
    `full` tells of a location at which moments no session can start there. On a location's `days_off`, which are local
    days, its weekly hours are not worked and dated extra time is; while it is `shut` nothing can be held there.
    One moment is offered once: where windows of two places overlap, dated extra time wins over weekly hours.
    Raises ValueError if `minutes` or `step_minutes` is not positive, or a buffer is negative.
    """
    if minutes <= 0 or step_minutes <= 0 or buffer_before < 0 or buffer_after < 0:
        raise ValueError("minutes and step_minutes must be positive, buffers not negative")
    length, step = minutes * 60, step_minutes * 60
    # A window of the day before or after may adjoin one of these days, and a session may run across the seam.
    day_before, day_after = first_day.toordinal() - 1, last_day.toordinal() + 1
    windows = [*_dated(extra), *_weekly(hours, day_before, day_after, days_off)]
    ends = _ends_of_joined(windows)
    after, before = length + buffer_after * 60, buffer_before * 60
    taken = (span if isinstance(span, Seconds) else _in_seconds(span) for span in busy)
    closed = Closed(
        [
            *((start - length, end) for start, end in map(_in_seconds, blocked) if start < end),
            *((start - after, end + before) for start, end in taken if start < end),
        ]
    )
    shuttered = {
        place: Closed([(start - length, end) for start, end in map(_in_seconds, spans) if start < end])
        for place, spans in shut.items()
    }
    first, last = _ceil_seconds(earliest), _seconds(latest)
    first_wall, end_wall = (day_before + 1 - _EPOCH_DAY) * DAY, (day_after - _EPOCH_DAY) * DAY
    found: dict[int, int] = {}
    for window, end in zip(windows, ends, strict=True):
        final = min(last, end - length, window.end - 1)
        there = shuttered.get(window.location_id, _NEVER)
        for start in _grid(window, step, max(first, window.begin), final, first_wall, end_wall):
            if start not in found and not closed.covers(start) and not there.covers(start):
                found[start] = window.location_id
    at = datetime.fromtimestamp
    return [
        Opening(at(start, UTC), at(start + length, UTC), place)
        for start, place in sorted(found.items())
        if place not in full or not full[place].covers(start)
    ]


def by_way(
    hours: Sequence[Hours], ways: Sequence[Way], *, apart: bool = False
) -> list[tuple[Sequence[Hours], Sequence[Way]]]:
    """The hours that are for each of `ways`: for all of them together where no window is for some ways only.

    With `apart`, which is so where a place is shut for some ways only, each way is by itself all the same.

    A session runs on from one window into the next only where both are for the way in which it is held, so its openings
    are asked for way by way, and then `joined`.
    """
    if not apart and not any(window.modes for window in hours):
        return [(hours, ways)]
    return [([window for window in hours if not window.modes or way in window.modes], [way]) for way in ways]


def joined(parts: Sequence[tuple[Sequence[str], list[Opening]]]) -> list[Opening]:
    """The openings of several ways of meeting as one list in order of time, each time once with the ways it is for."""
    if len(parts) == 1:
        return parts[0][1]
    found: dict[datetime, Opening] = {}
    for ways, listed in parts:
        for opening in listed:
            first = found.setdefault(opening.starts_at, opening._replace(modes=()))
            if first.location_id == opening.location_id:
                found[opening.starts_at] = first._replace(modes=(*first.modes, *ways))
    return [found[starts_at] for starts_at in sorted(found)]


def working_spans(*, hours: Iterable[Hours], first_day: date, last_day: date) -> Iterator[tuple[Span, int]]:
    """Yields each window of weekly hours on those local days as a span in UTC, with its location's id."""
    for window in _weekly(hours, first_day.toordinal(), last_day.toordinal()):
        span = Span(datetime.fromtimestamp(window.begin, UTC), datetime.fromtimestamp(window.end, UTC))
        yield span, window.location_id


# ---- Windows ---------------------------------------------------------------------------------------------------------


def _weekly(
    hours: Iterable[Hours], first: int, last: int, days_off: Mapping[int, Container[date]] = MappingProxyType({})
) -> list[_Window]:
    """The windows of weekly hours on the days with ordinals `first` to `last`, but for the days off of their places."""
    by_weekday: defaultdict[int, list[tuple[Hours, int, int, int, int]]] = defaultdict(list)
    for window in hours:
        # One that ends at 00:00 ends with its day.
        starts, ends = _since_midnight(window.starts), _since_midnight(window.ends) or DAY
        since = window.valid_from.toordinal() if window.valid_from else first
        until = window.valid_until.toordinal() if window.valid_until else last
        if since <= last and until >= first:
            by_weekday[window.weekday].append((window, starts, ends, since, until))
    found = []
    for ordinal in range(first, last + 1):
        midnight = (ordinal - _EPOCH_DAY) * DAY
        # Ordinal 1, the first of January of year 1, is a Monday.
        for window, starts, ends, since, until in by_weekday.get((ordinal - 1) % 7, ()):
            if not since <= ordinal <= until:
                continue
            if window.location_id in days_off and date.fromordinal(ordinal) in days_off[window.location_id]:
                continue
            begin, end = _edge(window.zone, midnight + starts), _edge(window.zone, midnight + ends)
            if begin < end:
                found.append(_Window(begin, end, window.location_id, window.zone, midnight + starts))
    return found


def _dated(extra: Iterable[Extra]) -> list[_Window]:
    found = []
    for slot in extra:
        begin, end = _ceil_seconds(slot.start), _seconds(slot.end)
        if begin < end:
            found.append(_Window(begin, end, slot.location_id, slot.zone, begin + _offset_at(slot.zone, begin)))
    return found


def _ends_of_joined(windows: Sequence[_Window]) -> list[int]:
    """For each window, until when a session that starts in it may run: on through windows that adjoin or overlap it."""
    ends = [0] * len(windows)
    by_place = sorted(range(len(windows)), key=lambda i: (windows[i].location_id, windows[i].begin))
    joined: list[int] = []
    place, end = None, 0
    for i in by_place:
        window = windows[i]
        if joined and window.location_id == place and window.begin <= end:
            end = max(end, window.end)
        else:
            for j in joined:
                ends[j] = end
            joined = []
            place, end = window.location_id, window.end
        joined.append(i)
    for j in joined:
        ends[j] = end
    return ends


def _grid(window: _Window, step: int, first: int, last: int, first_wall: int, end_wall: int) -> Iterable[int]:
    """The moments of the window's wall-clock grid from `first` to `last`, on wall times below `end_wall`."""
    if last < first:
        return ()
    zone = window.zone
    offset = _steady_offset(zone, window.wall // DAY)
    if offset is not None and (last + offset) // DAY == window.wall // DAY:
        # The usual day: one offset from midnight to midnight, so wall steps are steps.
        if not first_wall <= window.wall < end_wall:
            first = max(first, first_wall - offset)
            last = min(last, end_wall - offset - 1)
        begin = window.wall - offset
        return range(begin + max(0, -(-(first - begin) // step)) * step, last + 1, step)
    return _grid_across_changes(window, step, first, last, first_wall, end_wall)


def _grid_across_changes(
    window: _Window, step: int, first: int, last: int, first_wall: int, end_wall: int
) -> Iterator[int]:
    """The same, asking the zone at each step: for windows on days with a change, or longer than a day."""
    # Where to begin is found by arithmetic, with two days of slack for changes between; then step by step.
    wall = window.wall
    skip_to = max(first_wall, first + _offset_at(window.zone, first) - 2 * DAY)
    if wall < skip_to:
        wall += -(-(skip_to - wall) // step) * step
    while wall < end_wall:
        start = _instant(window.zone, wall)
        if start is not None:
            if start > last:
                return
            if start >= first:
                yield start
        wall += step


class Closed:
    """The starts that are not possible: open intervals of seconds, merged, so that one bisection answers."""

    def __init__(self, intervals: Iterable[tuple[int, int]]) -> None:
        self.begins: list[int] = []
        self.ends: list[int] = []
        for begin, end in sorted(intervals):
            # Intervals that only touch leave the moment between them open: back to back is allowed.
            if self.ends and begin < self.ends[-1]:
                self.ends[-1] = max(self.ends[-1], end)
            else:
                self.begins.append(begin)
                self.ends.append(end)

    def covers(self, start: int) -> bool:
        """Whether a session that begins at `start` would begin within a stretch; at its edges it may."""
        before = bisect_left(self.begins, start) - 1
        return before >= 0 and start < self.ends[before]

    @staticmethod
    def everywhere(rooms: Sequence[Closed]) -> Closed:
        """The starts that are possible in none of `rooms`."""
        # Where one interval ends and another begins, the moment between is open: ends come first.
        edges = [(end, -1) for room in rooms for end in room.ends] + [
            (begin, 1) for room in rooms for begin in room.begins
        ]
        found: list[tuple[int, int]] = []
        closed, since = 0, 0
        for at, change in sorted(edges):
            if closed == len(rooms):
                found.append((since, at))
            closed, since = closed + change, at
        return Closed(found)


_NEVER = Closed([])


# ---- Clocks ----------------------------------------------------------------------------------------------------------


def _seconds(moment: datetime) -> int:
    """Whole seconds since 1970, rounded down; raises ValueError if `moment` is naive."""
    if moment.tzinfo is None:
        raise ValueError("times must be aware")
    return int(moment.timestamp() // 1)


def _in_seconds(span: Span) -> Seconds:
    return Seconds(_seconds(span.start), _seconds(span.end))


def _ceil_seconds(moment: datetime) -> int:
    return _seconds(moment) + (moment.microsecond > 0)


def _since_midnight(wall: time) -> int:
    return wall.hour * 3600 + wall.minute * 60 + wall.second


def _offsets(zone: tzinfo, wall: int) -> tuple[int, int]:
    """Seconds east of UTC that a zone gives a wall time, on its first coming and on its second (PEP 495)."""
    shown = _EPOCH_WALL + timedelta(seconds=wall)
    return _total(zone.utcoffset(shown)), _total(zone.utcoffset(shown.replace(fold=1)))


def _total(offset: timedelta | None) -> int:
    if offset is None:
        raise ValueError("a zone must know its offset")
    return offset.days * DAY + offset.seconds


def _offset_at(zone: tzinfo, moment: int) -> int:
    return _total(datetime.fromtimestamp(moment, zone).utcoffset())


def _instant(zone: tzinfo, wall: int) -> int | None:
    """When a wall time comes for the first time, or None if it never does."""
    first, second = _offsets(zone, wall)
    # In a gap, PEP 495 gives the offset before the change first, and that is the smaller; in a repeat, the larger.
    return None if first < second else wall - first


def first_shown(zone: tzinfo, wall: datetime) -> datetime:
    """When a clock first shows a wall time, in UTC; the moment of the change where it never does."""
    return datetime.fromtimestamp(_edge(zone, _wall_seconds(wall)), UTC)


def last_shown(zone: tzinfo, wall: datetime) -> datetime:
    """The same the last time it does: where clocks go back, an hour later."""
    seconds = _wall_seconds(wall)
    first, second = _offsets(zone, seconds)
    return datetime.fromtimestamp(seconds - second if first > second else _edge(zone, seconds), UTC)


def _wall_seconds(wall: datetime) -> int:
    return (wall.replace(tzinfo=None) - _EPOCH_WALL) // timedelta(seconds=1)


def _edge(zone: tzinfo, wall: int) -> int:
    """When a window's edge is: its wall time's first coming or, if it never comes, the moment of the change."""
    offset = _steady_offset(zone, wall // DAY)
    if offset is not None:
        return wall - offset
    first, second = _offsets(zone, wall)
    if first >= second:
        return wall - first
    before, after = wall - second, wall - first
    while after - before > 1:
        middle = (before + after) // 2
        if _offset_at(zone, middle) == first:
            before = middle
        else:
            after = middle
    return after


@lru_cache(maxsize=8192)
def _steady_offset(zone: tzinfo, day: int) -> int | None:
    """The one offset of a whole local day (counted from 1970), or None if the clocks change on it.

    Both midnights are asked on both comings; a zone with two changes in a day that undo each other doesn't exist.
    """
    offsets = {*_offsets(zone, day * DAY), *_offsets(zone, (day + 1) * DAY)}
    return offsets.pop() if len(offsets) == 1 else None
