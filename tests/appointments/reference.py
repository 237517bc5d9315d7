"""A slow and obvious reference for openings, and the questions to ask of it and of the portal.

It looks at every five minutes by themselves, and shares no arithmetic with the code that it judges.
"""

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from portal.appointments.models import Closure
from portal.appointments.openings import Extra, Hours, Span

ZONES = [
    ZoneInfo(f"Australia/{name}")
    for name in ("Sydney", "Brisbane", "Adelaide", "Perth", "Darwin", "Eucla", "Lord_Howe")
]
# Every day of 2026 and 2027 on which a clock above changes, and one on which none does.
CHANGES = [date(2026, 4, 5), date(2026, 10, 4), date(2027, 4, 4), date(2027, 10, 3)]
DAYS = [*CHANGES, date(2026, 6, 10)]
IN_PERSON, VIDEO, PHONE = WAYS = ("in_person", "video", "phone")
TICK = timedelta(minutes=5)

# ---- Questions -------------------------------------------------------------------------------------------------------

# Half of them at night, when clocks change.
fives = (st.integers(0, 60) | st.integers(0, 287)).map(lambda n: time(n * 5 // 60, n * 5 % 60))
ways = st.frozensets(st.sampled_from(WAYS), max_size=2)
some_or_no_ways = st.just(frozenset()) | ways
ways_asked_for = st.lists(st.sampled_from(WAYS), min_size=1, max_size=3, unique=True)
five_or_none = st.none() | fives


@st.composite
def questions(draw, zone):
    """Two places, of which one is in `zone`, on one day or two around a change."""

    def one_of(things):
        # Hypothesis keeps its integers; a strategy made anew for each of these would take most of the time.
        return things[draw(st.integers(0, len(things) - 1))]

    zones = {1: zone, 2: one_of(ZONES)}
    first = one_of(DAYS) - timedelta(days=draw(st.integers(0, 1)))
    last = first + timedelta(days=draw(st.integers(0, 1)))
    near = [first + timedelta(days=n) for n in range(-1, 3)]
    start = datetime.combine(first, time(), UTC) - timedelta(hours=14)

    def span(longest=90):
        begins = start + TICK * draw(st.integers(0, 66 * 12))
        return Span(begins, begins + TICK * draw(st.integers(1, longest)))

    def place():
        return one_of([1, 1, 2])

    hours = []
    for _ in range(draw(st.integers(1, 5))):
        opens, closes = sorted((draw(fives), draw(fives)))
        closes = one_of([closes, closes, time()])
        valid = [one_of([None, None, one_of(near)]) for _ in range(2)]
        weekday, where = one_of(near).weekday(), place()
        window = Hours(weekday, opens, closes, zones[where], where, draw(ways), *valid)
        # As the database holds it: of one psychologist no two overlap.
        if opens != closes and not any(overlap(window, other) for other in hours):
            hours.append(window)
    extra = []
    for _ in range(draw(st.integers(0, 2))):
        where, when = place(), span()
        if not any(when.start < other.end and other.start < when.end for other in extra):
            extra.append(Extra(when.start, when.end, zones[where], where))
    closures = []
    for _ in range(draw(st.integers(0, 1))):
        days = sorted((one_of(near), one_of(near)))
        times = [draw(five_or_none) for _ in range(2)]
        closures.append(
            Closure(
                first_day=days[0],
                last_day=days[1],
                from_time=times[0],
                until_time=times[1],
                location_id=one_of([None, 1, 2]),
                **dict.fromkeys(draw(some_or_no_ways), True),
            )
        )
    earliest = start + TICK * draw(st.integers(0, 24 * 12))
    return {
        "zones": zones,
        "hours": hours,
        "extra": extra,
        "leave": [span() for _ in range(draw(st.integers(0, 2)))],
        "booked": [span(20) for _ in range(draw(st.integers(0, 4)))],
        "holidays": {n: one_of([frozenset(), frozenset({one_of(near)})]) for n in (1, 2)},
        "closures": closures,
        # What is booked in each room of a place; a place without rooms on file takes any number.
        "rooms": {
            n: [[span(60) for _ in range(draw(st.integers(0, 3)))] for _ in range(draw(st.integers(0, 2)))]
            for n in (1, 2)
        },
        # What it takes a room to do.
        "with_room": frozenset({IN_PERSON}),
        "ways": draw(ways_asked_for),
        "minutes": one_of([5, 20, 30, 50, 90]),
        "before": one_of([0, 0, 5, 15]),
        "after": one_of([0, 0, 10, 30]),
        "step": one_of([5, 15, 30, 45, 60]),
        "earliest": earliest,
        "latest": earliest + TICK * draw(st.integers(0, 72 * 12)),
        "first": first,
        "last": last,
    }


def overlap(one, other):
    if one.weekday != other.weekday:
        return False
    apart = ending(one) <= other.starts or ending(other) <= one.starts
    before = one.valid_until and other.valid_from and one.valid_until < other.valid_from
    after = other.valid_until and one.valid_from and other.valid_until < one.valid_from
    return not (apart or before or after)


def ending(window):
    return time.max if window.ends == time() else window.ends


# ---- The reference ---------------------------------------------------------------------------------------------------


@cache
def moments_of(first, last):
    """Every five minutes of some days, and a good while before and after them."""
    begin = datetime.combine(first, time(), UTC) - timedelta(hours=40)
    return [begin + TICK * n for n in range((timedelta(hours=104) + (last - first)) // TICK)]


class Clock:
    """What the clock of one zone shows at each of some moments. Few questions are of days that none before was of."""

    def __init__(self, first, last, zone):
        self.shown = [moment.astimezone(zone).replace(tzinfo=None) for moment in moments_of(first, last)]
        # A time that the clock has shown before is not offered again.
        seen = set()
        self.is_again = []
        for shown in self.shown:
            self.is_again.append(shown in seen)
            seen.add(shown)

    @cache  # noqa: B019 - there are some two hundred clocks
    def first_showing(self, wall):
        """The first tick at which the clock shows this time or a later one."""
        return next((i for i, shown in enumerate(self.shown) if shown >= wall), len(self.shown))

    @cache  # noqa: B019
    def last_showing(self, wall):
        """The tick after the last one at which the clock shows an earlier time."""
        earlier = [i for i, shown in enumerate(self.shown) if shown < wall]
        return earlier[-1] + 1 if earlier else 0


@cache
def clock_of(first, last, zone):
    return Clock(first, last, zone)


@cache
def numbered(first, last):
    return {moment: i for i, moment in enumerate(moments_of(first, last))}


class Ticks:
    """Every five minutes of some days, and what each place's clock shows then."""

    def __init__(self, question):
        days = question["first"], question["last"]
        self.moments, self.at = moments_of(*days), numbered(*days)
        self.clocks = {place: clock_of(*days, zone) for place, zone in question["zones"].items()}

    def marked(self, spans):
        marks = [False] * len(self.moments)
        for span in spans:
            for i in range(self.at[span.start], self.at[span.end]):
                marks[i] = True
        return marks


def reference(question):
    """By each tick at which a session can start: at which places, and there in which ways."""
    ticks = Ticks(question)
    count = len(ticks.moments)
    leave, booked = ticks.marked(question["leave"]), ticks.marked(question["booked"])
    shut = {(place, way): [False] * count for place in question["zones"] for way in WAYS}
    for closure in question["closures"]:
        begins = datetime.combine(closure.first_day, closure.from_time or time())
        ends = datetime.combine(closure.last_day, closure.until_time or time())
        if not closure.until_time:
            ends += timedelta(days=1)
        stopped = [way for way in WAYS if getattr(closure, way)] or WAYS
        for (place, way), marks in shut.items():
            if closure.is_of(place) and way in stopped:
                for i in range(ticks.clocks[place].first_showing(begins), ticks.clocks[place].last_showing(ends)):
                    marks[i] = True
    taken = {place: [ticks.marked(room) for room in rooms] for place, rooms in question["rooms"].items()}
    length, before, after = (question[name] // 5 for name in ("minutes", "before", "after"))

    found = defaultdict(lambda: defaultdict(set))
    for way in question["ways"]:
        windows = list(windows_for(way, question, ticks))
        worked = {place: [False] * count for place in question["zones"]}
        for place, begins, ends, _grid, _is_extra in windows:
            for i in range(begins, ends):
                worked[place][i] = True
        for place, begins, ends, grid, is_extra in windows:
            clock = ticks.clocks[place]
            for i in range(begins, ends):
                if clock.is_again[i]:
                    continue
                shown, moment = clock.shown[i], ticks.moments[i]
                since = (shown - grid) // timedelta(minutes=1)
                stretch, around = range(i, i + length), range(i - before, i + length + after)
                if (
                    question["first"] <= shown.date() <= question["last"]
                    and since >= 0
                    and since % question["step"] == 0
                    and question["earliest"] <= moment <= question["latest"]
                    and all(worked[place][n] for n in stretch)
                    and not any(leave[n] or shut[place, way][n] for n in stretch)
                    and not any(booked[n] for n in around)
                ):
                    has_room = not taken[place] or any(not any(room[n] for n in around) for room in taken[place])
                    found[moment][way].add((place, is_extra, has_room))
    return found


def windows_for(way, question, ticks):
    """Each window in which people are met in this way: place, first tick, tick after the last, the grid's start on the
    wall clock, and whether it is extra."""
    day = question["first"] - timedelta(days=1)
    while day <= question["last"] + timedelta(days=1):
        for window in question["hours"]:
            is_valid = (window.valid_from or day) <= day <= (window.valid_until or day)
            if window.weekday != day.weekday() or not is_valid or (window.modes and way not in window.modes):
                continue
            if day in question["holidays"][window.location_id]:
                continue
            opens, closes = datetime.combine(day, window.starts), datetime.combine(day, window.ends)
            if window.ends == time():
                closes += timedelta(days=1)
            clock = ticks.clocks[window.location_id]
            yield window.location_id, clock.first_showing(opens), clock.first_showing(closes), opens, False
        day += timedelta(days=1)
    for slot in question["extra"]:
        begins = ticks.at[slot.start]
        yield slot.location_id, begins, ticks.at[slot.end], ticks.clocks[slot.location_id].shown[begins], True


def names_ways(question):
    """Whether hours or closures are for some ways of meeting alone."""
    closures = (getattr(closure, way) for closure in question["closures"] for way in WAYS)
    return any(window.modes for window in question["hours"]) or any(closures)


def expected_at(found, ways, question):
    """At which places a session may start at one tick, and there in which ways."""
    is_named, with_room = names_ways(question), question["with_room"]
    places = defaultdict(set)
    for way in ways:
        candidates = found.get(way, set())
        # Where somebody is by a date is where they are; their weekly hours elsewhere don't count then.
        dated = {each for each in candidates if each[1]}
        for place, _is_extra, has_room in dated or candidates:
            # Whoever could be met otherwise at any of their times needs no room to be offered one.
            if has_room or way not in with_room or not (is_named or with_room.issuperset(ways)):
                places[place].add(way)
    return places


def expected_of(question):
    """By each moment at which a session can start: at which places, and there in which ways."""
    return {
        moment: places
        for moment, found in reference(question).items()
        if (places := expected_at(found, question["ways"], question))
    }


def agree(found, question):
    """Whether the openings found are those of the reference, and say no more than it does; raises AssertionError."""
    expected = expected_of(question)
    assert [each.starts_at for each in found] == sorted(expected)
    for each in found:
        assert each.location_id in expected[each.starts_at]
        assert each.ends_at - each.starts_at == timedelta(minutes=question["minutes"])
        assert set(each.modes) <= expected[each.starts_at][each.location_id]
        assert bool(each.modes) is (len(question["ways"]) > 1 and names_ways(question))
