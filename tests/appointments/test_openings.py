"""The free times, against an oracle that looks at every minute, and on the real days when Australian clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from portal.appointments.openings import Extra, Hours, Opening, Span, openings, working_spans

SYDNEY, LORD_HOWE, ADELAIDE, BRISBANE, PERTH, EUCLA, DARWIN = (
    ZoneInfo(name)
    for name in (
        "Australia/Sydney",
        "Australia/Lord_Howe",
        "Australia/Adelaide",
        "Australia/Brisbane",
        "Australia/Perth",
        "Australia/Eucla",
        "Australia/Darwin",
    )
)
# Beyond Australia: changes at midnight, and a whole day that never came.
BEIRUT, APIA = ZoneInfo("Asia/Beirut"), ZoneInfo("Pacific/Apia")
FORWARD, BACK = date(2026, 10, 4), date(2026, 4, 5)
MINUTE = timedelta(minutes=1)
LONG_AGO, FAR_AHEAD = datetime(2000, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)


def ask(**given):
    """The openings of one day in steps of half an hour, for 50 minutes, unless told otherwise."""
    day = given.pop("day", date(2026, 6, 3))
    defaults = {
        "hours": [],
        "minutes": 50,
        "step_minutes": 30,
        "earliest": LONG_AGO,
        "latest": FAR_AHEAD,
        "first_day": day,
        "last_day": day,
    }
    return openings(**defaults | given)


def window(day, starts, ends, zone=SYDNEY, location_id=1):
    return Hours(day.weekday(), time.fromisoformat(starts), time.fromisoformat(ends), zone, location_id)


def shown(found, zone):
    """Start and end as the wall clock shows them, with what it is ahead of UTC."""
    return [
        f"{o.starts_at.astimezone(zone):%H:%M}-{o.ends_at.astimezone(zone):%H:%M}{o.starts_at.astimezone(zone):%z}"
        for o in found
    ]


def starts(found, zone=SYDNEY):
    return [f"{o.starts_at.astimezone(zone):%H:%M}" for o in found]


def at(day, wall, zone=SYDNEY, fold=0):
    return datetime.combine(day, time.fromisoformat(wall), zone).replace(fold=fold).astimezone(UTC)


DAY = date(2026, 6, 3)


# ---- A usual day -----------------------------------------------------------------------------------------------------


def test_grid_from_the_windows_start():
    assert starts(ask(hours=[window(DAY, "09:15", "12:00")])) == ["09:15", "09:45", "10:15", "10:45"]


def test_opening_carries_utc_and_its_place():
    assert ask(hours=[window(DAY, "09:00", "09:50", location_id=7)]) == [
        Opening(datetime(2026, 6, 2, 23, 0, tzinfo=UTC), datetime(2026, 6, 2, 23, 50, tzinfo=UTC), 7)
    ]


def test_session_must_end_inside_the_window():
    assert ask(hours=[window(DAY, "09:00", "09:49")]) == []
    assert len(ask(hours=[window(DAY, "09:00", "09:50")])) == 1


def test_hours_of_another_weekday_are_not_offered():
    assert ask(hours=[window(DAY + timedelta(days=1), "09:00", "17:00")]) == []


def test_busy_span_and_buffers():
    busy = [Span(at(DAY, "11:00"), at(DAY, "12:00"))]
    nine_to_two = [window(DAY, "09:00", "14:00")]
    assert starts(ask(hours=nine_to_two, busy=busy)) == ["09:00", "09:30", "10:00", "12:00", "12:30", "13:00"]
    # Ten minutes after: 10:00-10:50 and its buffer end as the busy time begins. Eleven don't fit.
    assert "10:00" in starts(ask(hours=nine_to_two, busy=busy, buffer_after=10))
    assert "10:00" not in starts(ask(hours=nine_to_two, busy=busy, buffer_after=11))
    assert "12:00" not in starts(ask(hours=nine_to_two, busy=busy, buffer_before=1))
    # Buffers may reach out of the hours: nobody else's time is touched.
    assert starts(ask(hours=nine_to_two, buffer_before=60, buffer_after=60))[0] == "09:00"


def test_blocked_time_touches_the_session_but_not_its_buffers():
    blocked = [Span(at(DAY, "11:00"), at(DAY, "12:00"))]
    assert starts(ask(hours=[window(DAY, "09:00", "14:00")], blocked=blocked, buffer_before=15, buffer_after=15)) == [
        "09:00",
        "09:30",
        "10:00",
        "12:00",
        "12:30",
        "13:00",
    ]


def test_free_gap_of_no_length_between_two_spans_is_still_no_room():
    busy = [Span(at(DAY, "09:00"), at(DAY, "10:00")), Span(at(DAY, "10:00"), at(DAY, "11:00"))]
    assert starts(ask(hours=[window(DAY, "09:00", "12:00")], busy=busy)) == ["11:00"]


def test_gap_of_exactly_the_session_is_offered():
    busy = [Span(at(DAY, "09:00"), at(DAY, "10:00")), Span(at(DAY, "10:50"), at(DAY, "12:00"))]
    assert starts(ask(hours=[window(DAY, "09:00", "12:00")], busy=busy)) == ["10:00"]


def test_notice_and_horizon_are_inclusive():
    nine_to_two = [window(DAY, "09:00", "14:00")]
    found = ask(hours=nine_to_two, earliest=at(DAY, "10:00"), latest=at(DAY, "11:30"))
    assert starts(found) == ["10:00", "10:30", "11:00", "11:30"]
    found = ask(hours=nine_to_two, earliest=at(DAY, "10:00") + timedelta(microseconds=1), latest=at(DAY, "11:30"))
    assert starts(found) == ["10:30", "11:00", "11:30"]


def test_overlapping_windows_give_no_duplicates():
    hours = [window(DAY, "09:00", "12:00"), window(DAY, "10:00", "13:00"), window(DAY, "09:00", "12:00")]
    assert starts(ask(hours=hours)) == ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30", "12:00"]


def test_touching_windows_let_a_session_run_across_the_seam():
    hours = [window(DAY, "09:00", "10:15"), window(DAY, "10:15", "11:30")]
    assert starts(ask(hours=hours)) == ["09:00", "09:30", "10:00", "10:15"]


def test_touching_windows_of_two_places_do_not():
    hours = [window(DAY, "09:00", "10:15"), window(DAY, "10:15", "11:30", location_id=2)]
    assert [(s, o.location_id) for s, o in zip(starts(ask(hours=hours)), ask(hours=hours), strict=True)] == [
        ("09:00", 1),
        ("10:15", 2),
    ]


def test_extra_slot_overlapping_hours_gives_no_duplicates_and_wins_the_place():
    extra = [Extra(at(DAY, "10:00"), at(DAY, "12:00"), SYDNEY, 2)]
    found = ask(hours=[window(DAY, "09:00", "12:00")], extra=extra)
    assert list(zip(starts(found), [o.location_id for o in found], strict=True)) == [
        ("09:00", 1),
        ("09:30", 1),
        ("10:00", 2),
        ("10:30", 2),
        ("11:00", 2),
    ]


def test_extra_slot_may_cross_midnight_and_counts_on_the_day_it_starts():
    extra = [Extra(at(DAY, "22:30"), at(DAY + timedelta(days=1), "01:00"), SYDNEY, 1)]
    assert starts(ask(extra=extra)) == ["22:30", "23:00", "23:30"]
    assert starts(ask(extra=extra, day=DAY + timedelta(days=1))) == ["00:00"]


def test_long_extra_slot_is_asked_far_from_its_start():
    extra = [Extra(at(date(2024, 1, 1), "00:10"), at(date(2030, 1, 1), "00:00"), SYDNEY, 1)]
    found = ask(extra=extra, step_minutes=720)
    assert starts(found) == ["00:10", "12:10"]


def test_week_equals_its_days_one_by_one():
    hours = [window(DAY + timedelta(days=d), "00:00", "23:59") for d in range(7)]
    week = ask(hours=hours, first_day=DAY, last_day=DAY + timedelta(days=6))
    assert week == [o for d in range(7) for o in ask(hours=hours, day=DAY + timedelta(days=d))]
    assert len(week) == 7 * 47


@pytest.mark.parametrize("wrong", [{"minutes": 0}, {"step_minutes": 0}, {"buffer_before": -1}, {"buffer_after": -1}])
def test_numbers_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match="must be positive"):
        ask(**wrong)


def test_naive_times_are_refused():
    with pytest.raises(ValueError, match="aware"):
        ask(earliest=datetime(2026, 6, 3))  # noqa: DTZ001


# ---- The days when clocks change -------------------------------------------------------------------------------------


def test_sydney_forward_skips_the_hour_that_does_not_exist():
    found = ask(day=FORWARD, hours=[window(FORWARD, "01:00", "05:00")])
    assert shown(found, SYDNEY) == [
        "01:00-01:50+1000",
        "01:30-03:20+1000",
        "03:00-03:50+1100",
        "03:30-04:20+1100",
        "04:00-04:50+1100",
    ]


def test_step_that_lands_inside_the_gap_does_not_slide_past_it():
    found = ask(day=FORWARD, hours=[window(FORWARD, "01:15", "05:30")], step_minutes=45)
    assert starts(found) == ["01:15", "03:30", "04:15"]


def test_sydney_back_offers_the_repeated_hour_once():
    found = ask(day=BACK, hours=[window(BACK, "01:00", "05:00")])
    assert shown(found, SYDNEY) == [
        "01:00-01:50+1100",
        "01:30-02:20+1100",
        "02:00-02:50+1100",
        "02:30-02:20+1100",
        "03:00-03:50+1000",
        "03:30-04:20+1000",
        "04:00-04:50+1000",
    ]
    assert found[3].ends_at - found[3].starts_at == timedelta(minutes=50)


def test_lord_howe_forward_skips_half_an_hour():
    found = ask(day=FORWARD, hours=[window(FORWARD, "01:00", "04:00", LORD_HOWE)], minutes=30, step_minutes=15)
    assert shown(found, LORD_HOWE) == [
        "01:00-01:30+1030",
        "01:15-01:45+1030",
        "01:30-02:30+1030",
        "01:45-02:45+1030",
        "02:30-03:00+1100",
        "02:45-03:15+1100",
        "03:00-03:30+1100",
        "03:15-03:45+1100",
        "03:30-04:00+1100",
    ]


def test_lord_howe_back_offers_the_repeated_half_hour_once():
    found = ask(day=BACK, hours=[window(BACK, "01:00", "03:00", LORD_HOWE)], minutes=30, step_minutes=15)
    assert shown(found, LORD_HOWE) == [
        "01:00-01:30+1100",
        "01:15-01:45+1100",
        "01:30-01:30+1100",
        "01:45-01:45+1100",
        "02:00-02:30+1030",
        "02:15-02:45+1030",
        "02:30-03:00+1030",
    ]


def test_adelaide_changes_at_its_own_two_o_clock():
    assert starts(ask(day=FORWARD, hours=[window(FORWARD, "01:30", "04:00", ADELAIDE)]), ADELAIDE) == [
        "01:30",
        "03:00",
    ]
    found = ask(day=BACK, hours=[window(BACK, "02:00", "04:00", ADELAIDE)])
    assert shown(found, ADELAIDE) == [
        "02:00-02:50+1030",
        "02:30-02:20+1030",
        "03:00-03:50+0930",
    ]


@pytest.mark.parametrize("day", [FORWARD, BACK])
@pytest.mark.parametrize(
    ("zone", "offset"), [(BRISBANE, "+1000"), (PERTH, "+0800"), (EUCLA, "+0845"), (DARWIN, "+0930")]
)
def test_zones_without_a_change_offer_every_time(zone, offset, day):
    found = ask(day=day, hours=[window(day, "01:00", "04:00", zone)])
    assert shown(found, zone) == [
        f"{start}-{end}{offset}"
        for start, end in zip(
            ["01:00", "01:30", "02:00", "02:30", "03:00"], ["01:50", "02:20", "02:50", "03:20", "03:50"], strict=True
        )
    ]


def test_windows_edges_that_do_not_exist_are_the_moment_of_the_change():
    span, _ = next(working_spans(hours=[window(FORWARD, "00:00", "02:30")], first_day=FORWARD, last_day=FORWARD))
    assert span == Span(at(FORWARD, "00:00"), at(FORWARD, "03:00"))
    span, _ = next(working_spans(hours=[window(FORWARD, "02:30", "05:00")], first_day=FORWARD, last_day=FORWARD))
    assert span == Span(at(FORWARD, "03:00"), at(FORWARD, "05:00"))
    assert list(working_spans(hours=[window(FORWARD, "02:10", "02:50")], first_day=FORWARD, last_day=FORWARD)) == []
    # From 02:30, which isn't: the grid keeps its phase, and goes on at 03:00.
    assert starts(ask(day=FORWARD, hours=[window(FORWARD, "02:30", "05:00")])) == ["03:00", "03:30", "04:00"]
    assert starts(ask(day=FORWARD, hours=[window(FORWARD, "02:15", "05:00")])) == ["03:15", "03:45"]
    # Until 02:30: the last session is over when the clock jumps.
    assert starts(ask(day=FORWARD, hours=[window(FORWARD, "01:00", "02:30")])) == ["01:00"]


def test_windows_edges_that_come_twice_are_their_first_coming():
    span, _ = next(working_spans(hours=[window(BACK, "00:00", "02:30")], first_day=BACK, last_day=BACK))
    assert span.end == at(BACK, "02:30", fold=0) == datetime(2026, 4, 4, 15, 30, tzinfo=UTC)
    assert shown(ask(day=BACK, hours=[window(BACK, "01:00", "02:30")]), SYDNEY) == [
        "01:00-01:50+1100",
        "01:30-02:20+1100",
    ]
    assert shown(ask(day=BACK, hours=[window(BACK, "02:30", "04:00")]), SYDNEY) == [
        "02:30-02:20+1100",
        "03:00-03:50+1000",
    ]


def test_extra_slot_in_the_second_coming_is_not_sold_under_a_name_already_used():
    extra = [Extra(at(BACK, "02:00", fold=1), at(BACK, "04:00"), SYDNEY, 1)]
    assert shown(ask(day=BACK, extra=extra), SYDNEY) == ["03:00-03:50+1000"]


def test_busy_time_is_a_moment_not_a_name():
    busy = [Span(at(BACK, "02:00", fold=1), at(BACK, "03:00"))]
    found = ask(day=BACK, hours=[window(BACK, "02:00", "05:00")], busy=busy)
    assert shown(found, SYDNEY) == ["02:00-02:50+1100", "03:00-03:50+1000", "03:30-04:20+1000", "04:00-04:50+1000"]


def wall_time_exists(wall, zone):
    """Whether clocks in `zone` ever show the naive time `wall`."""
    return wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wall


def test_change_at_midnight_and_a_day_that_never_came():
    change = date(2026, 3, 29)  # 00:00 becomes 01:00
    assert not wall_time_exists(datetime(2026, 3, 29, 0, 30), BEIRUT)  # noqa: DTZ001
    assert starts(ask(day=change, hours=[window(change, "00:00", "03:00", BEIRUT)]), BEIRUT) == [
        "01:00",
        "01:30",
        "02:00",
    ]
    never = date(2011, 12, 30)
    assert ask(day=never, hours=[window(never, "09:00", "17:00", APIA)]) == []
    after = never + timedelta(days=1)
    assert len(ask(day=after, hours=[window(after, "09:00", "17:00", APIA)])) == 15


# ---- Properties ------------------------------------------------------------------------------------------------------

ZONES = [SYDNEY, LORD_HOWE, ADELAIDE, BRISBANE, PERTH, EUCLA, BEIRUT]
# Quiet days, and those around every change of the zones above.
DAYS = [date(2026, 6, 3), FORWARD, BACK, date(2026, 3, 29), date(2026, 10, 25)]
# Half of them at night, when clocks change.
fives = (st.integers(0, 60) | st.integers(0, 287)).map(lambda n: time(n * 5 // 60, n * 5 % 60))


@st.composite
def questions(draw, zones=ZONES):
    """A question on one to two days: windows, extra time and appointments strewn over them, on steps of 5 minutes."""
    first = draw(st.sampled_from(DAYS)) - timedelta(days=draw(st.integers(0, 1)))
    last = first + timedelta(days=draw(st.integers(0, 1)))
    zone_of = {1: draw(st.sampled_from(zones)), 2: draw(st.sampled_from(zones))}
    midnight = datetime.combine(first, time(), UTC) - timedelta(hours=14)

    def span():
        start = midnight + timedelta(minutes=5 * draw(st.integers(0, 66 * 12)))
        return Span(start, start + timedelta(minutes=5 * draw(st.integers(0, 90))))

    hours = []
    for _ in range(draw(st.integers(1, 4))):
        opens, closes = sorted((draw(fives), draw(fives)))
        closes = draw(st.sampled_from([closes, closes, closes, time()]))
        place = draw(st.sampled_from([1, 2]))
        weekday = (first.weekday() + draw(st.sampled_from([0, 0, 1, 1, -1, 2]))) % 7
        hours.append(Hours(weekday, opens, closes, zone_of[place], place))
    extra = []
    for _ in range(draw(st.integers(0, 2))):
        place, when = draw(st.sampled_from([1, 2])), span()
        extra.append(Extra(when.start, when.end, zone_of[place], place))
    earliest = midnight + timedelta(minutes=draw(st.integers(0, 24 * 60)))
    return {
        "hours": hours,
        "extra": extra,
        "blocked": [span() for _ in range(draw(st.integers(0, 2)))],
        "busy": [span() for _ in range(draw(st.integers(0, 4)))],
        "minutes": draw(st.sampled_from([5, 20, 30, 50, 90])),
        "buffer_before": draw(st.sampled_from([0, 0, 5, 15])),
        "buffer_after": draw(st.sampled_from([0, 0, 10, 30])),
        "step_minutes": draw(st.sampled_from([5, 15, 30, 45, 60])),
        "earliest": earliest,
        "latest": earliest + timedelta(minutes=draw(st.integers(0, 72 * 60))),
        "first_day": first,
        "last_day": last,
    }


def oracle(question):
    """Every place at which each minute is an opening, found by looking at each minute and nothing cleverer.

    A window begins at the first minute at which its zone's clock shows its start or later, and ends likewise.
    """
    first, last = question["first_day"], question["last_day"]
    minute = datetime.combine(first, time(), UTC) - timedelta(hours=40)
    until = datetime.combine(last, time(), UTC) + timedelta(hours=64)
    minutes = []
    while minute < until:
        minutes.append(minute)
        minute += MINUTE
    zones = {w.zone for w in [*question["hours"], *question["extra"]]}
    clock = {zone: [m.astimezone(zone) for m in minutes] for zone in zones}

    def first_showing(zone, wall):
        return next((i for i, shown in enumerate(clock[zone]) if shown.replace(tzinfo=None) >= wall), len(minutes))

    windows = []  # location, first minute, minute after the last, zone, wall time of the grid's start
    day = first - timedelta(days=1)
    while day <= last + timedelta(days=1):
        for hours in question["hours"]:
            if hours.weekday == day.weekday():
                opens = datetime.combine(day, hours.starts)
                # The end of the day, which no clock shows as 24:00.
                closes = datetime.combine(day + timedelta(days=hours.ends == time()), hours.ends)
                windows.append(
                    (
                        hours.location_id,
                        first_showing(hours.zone, opens),
                        first_showing(hours.zone, closes),
                        hours.zone,
                        opens,
                    )
                )
        day += timedelta(days=1)
    index = {m: i for i, m in enumerate(minutes)}
    for slot in question["extra"]:
        grid = slot.start.astimezone(slot.zone).replace(tzinfo=None)
        windows.append((slot.location_id, index[slot.start], index[slot.end], slot.zone, grid))

    worked = {place: bytearray(len(minutes)) for place in (1, 2)}
    for place, begin, end, _, _ in windows:
        for i in range(begin, end):
            worked[place][i] = 1
    away, taken = bytearray(len(minutes)), bytearray(len(minutes))
    for spans, marks in ((question["blocked"], away), (question["busy"], taken)):
        for span in spans:
            for i in range(index[span.start], index[span.end]):
                marks[i] = 1

    length, before, after = question["minutes"], question["buffer_before"], question["buffer_after"]
    found = {}
    for place, begin, end, zone, grid in windows:
        for i in range(begin, end):
            shown = clock[zone][i]
            since = (shown.replace(tzinfo=None) - grid) // MINUTE
            if (
                shown.fold == 0
                and first <= shown.date() <= last
                and since >= 0
                and since % question["step_minutes"] == 0
                and question["earliest"] <= minutes[i] <= question["latest"]
                and all(worked[place][i : i + length])
                and not any(away[i : i + length])
                and not any(taken[i - before : i + length + after])
            ):
                found.setdefault(minutes[i], set()).add(place)
    return found


@settings(max_examples=250, deadline=None)
@given(questions())
@example(
    {
        "hours": [Hours(6, time(1), time(5), LORD_HOWE, 1)],
        "extra": [Extra(at(BACK, "01:30", LORD_HOWE, 1), at(BACK, "03:00", LORD_HOWE), LORD_HOWE, 2)],
        "blocked": [],
        "busy": [Span(at(BACK, "01:45", LORD_HOWE, 1), at(BACK, "02:00", LORD_HOWE))],
        "minutes": 5,
        "buffer_before": 5,
        "buffer_after": 10,
        "step_minutes": 5,
        "earliest": datetime(2026, 4, 4, tzinfo=UTC),
        "latest": datetime(2026, 4, 7, tzinfo=UTC),
        "first_day": BACK,
        "last_day": BACK,
    }
)
def test_agrees_with_a_look_at_every_minute(question):
    expected = oracle(question)
    found = openings(**question)
    assert [o.starts_at for o in found] == sorted(expected)
    assert all(o.location_id in expected[o.starts_at] for o in found)


@settings(max_examples=200, deadline=None)
@given(questions())
def test_what_every_opening_keeps(question):
    found = openings(**question)
    length = timedelta(minutes=question["minutes"])
    before, after = timedelta(minutes=question["buffer_before"]), timedelta(minutes=question["buffer_after"])
    zone_of = {w.location_id: w.zone for w in [*question["hours"], *question["extra"]]}
    assert len({o.starts_at for o in found}) == len(found)
    assert sorted(found) == found
    names = set()
    for o in found:
        assert o.ends_at - o.starts_at == length
        assert o.starts_at.tzinfo is UTC
        assert question["earliest"] <= o.starts_at <= question["latest"]
        for span in question["busy"]:
            assert span.start == span.end or o.starts_at - before >= span.end or o.ends_at + after <= span.start
        for span in question["blocked"]:
            assert span.start == span.end or o.starts_at >= span.end or o.ends_at <= span.start
        local = o.starts_at.astimezone(zone_of[o.location_id])
        assert local.fold == 0
        assert wall_time_exists(local.replace(tzinfo=None), zone_of[o.location_id])
        assert question["first_day"] <= local.date() <= question["last_day"]
        # One name, one moment: what a person reads on the page tells two openings at one place apart.
        assert (o.location_id, local.replace(tzinfo=None)) not in names
        names.add((o.location_id, local.replace(tzinfo=None)))


def moments(**question):
    return {o.starts_at for o in openings(**question)}


@settings(max_examples=150, deadline=None)
@given(questions(), st.data())
def test_taking_time_away_never_gives_more(question, data):
    base = moments(**question)
    fewer_busy = question | {"busy": question["busy"][: data.draw(st.integers(0, len(question["busy"])))]}
    fewer_blocked = question | {"blocked": question["blocked"][: data.draw(st.integers(0, len(question["blocked"])))]}
    assert base <= moments(**fewer_busy)
    assert base <= moments(**fewer_blocked)
    assert moments(**question | {"buffer_before": question["buffer_before"] + 5}) <= base
    assert moments(**question | {"buffer_after": question["buffer_after"] + 5}) <= base
    assert moments(**question | {"minutes": question["minutes"] + 5}) <= base
    assert moments(**question | {"earliest": question["earliest"] + timedelta(hours=1)}) <= base
    assert moments(**question | {"step_minutes": question["step_minutes"] * 2}) <= base


@settings(max_examples=100, deadline=None)
@given(questions())
def test_days_asked_together_and_one_by_one_agree(question):
    days = (question["last_day"] - question["first_day"]).days + 1
    each = set()
    for n in range(days):
        day = question["first_day"] + timedelta(days=n)
        each |= moments(**question | {"first_day": day, "last_day": day})
    assert moments(**question) == each


@settings(max_examples=60, deadline=None)
@given(questions(zones=[PERTH]), st.sampled_from([BRISBANE, EUCLA, DARWIN]))
def test_zone_only_moves_the_answer_when_no_clock_changes(question, zone):
    """The same wall clocks, all moved by one offset, give the same answer moved by it."""
    moved_by = timedelta(hours=8) - zone.utcoffset(datetime(2026, 6, 3))  # noqa: DTZ001
    moved = question | {
        "hours": [Hours(h.weekday, h.starts, h.ends, zone, h.location_id) for h in question["hours"]],
        "extra": [Extra(e.start + moved_by, e.end + moved_by, zone, e.location_id) for e in question["extra"]],
        "blocked": [Span(s.start + moved_by, s.end + moved_by) for s in question["blocked"]],
        "busy": [Span(s.start + moved_by, s.end + moved_by) for s in question["busy"]],
        "earliest": question["earliest"] + moved_by,
        "latest": question["latest"] + moved_by,
    }
    assert [(o.starts_at + moved_by, o.location_id) for o in openings(**question)] == [
        (o.starts_at, o.location_id) for o in openings(**moved)
    ]


@pytest.mark.parametrize("zone", [SYDNEY, PERTH, LORD_HOWE, EUCLA])
@pytest.mark.parametrize(
    "day", [date(2026, 6, 3), FORWARD, BACK, FORWARD - timedelta(days=1), BACK - timedelta(days=1)]
)
def test_hours_may_end_at_midnight(zone, day):
    late = window(day, "22:00", "00:00", zone)
    found = ask(day=day, hours=[late], step_minutes=10)
    assert starts(found, zone) == ["22:00", "22:10", "22:20", "22:30", "22:40", "22:50", "23:00", "23:10"]
    assert f"{found[-1].ends_at.astimezone(zone):%Y-%m-%d %H:%M}" == f"{day + timedelta(days=1)} 00:00"
    [(span, _place)] = working_spans(hours=[late], first_day=day, last_day=day)
    assert span.end.astimezone(zone).replace(tzinfo=None) == datetime.combine(day, time()) + timedelta(days=1)


def test_hours_go_on_over_midnight_where_the_next_day_begins_with_it():
    day = date(2026, 6, 3)
    tomorrow = day + timedelta(days=1)
    hours = [window(day, "23:00", "00:00"), window(tomorrow, "00:00", "01:00")]
    assert starts(ask(hours=hours, first_day=day, last_day=tomorrow)) == ["23:00", "23:30", "00:00"]


def test_hours_may_last_a_whole_day():
    day = date(2026, 6, 3)
    assert len(ask(hours=[window(day, "00:00", "00:00")], minutes=60, step_minutes=60)) == 24
