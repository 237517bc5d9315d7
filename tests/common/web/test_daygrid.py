from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.common.web.daygrid import Block, Column, day_grid

DAY = date(2026, 11, 24)
MELBOURNE = ZoneInfo("Australia/Melbourne")


def block(start, minutes, kind="confirmed", day=DAY):
    hour, minute = (int(part) for part in start.split(":"))
    starts_at = datetime(day.year, day.month, day.day, hour, minute, tzinfo=MELBOURNE)
    return Block(starts_at, starts_at + timedelta(minutes=minutes), kind)


def placed(*blocks, **hours):
    grid = day_grid([Column("Mai", DAY, blocks=list(blocks))], **hours)
    return grid, [(b.row, b.span, b.lane) for b in grid.columns[0].blocks]


@pytest.mark.parametrize(
    ("start", "minutes", "row", "span"),
    [("9:00", 50, 13, 10), ("8:00", 5, 1, 1), ("8:03", 1, 1, 1), ("10:15", 80, 28, 16), ("8:02", 10, 1, 3)],
)
def test_rows_are_five_minutes(start, minutes, row, span):
    assert placed(block(start, minutes))[1] == [(row, span, "")]


def test_hours_grow_for_an_early_and_a_late_session():
    grid, places = placed(block("6:30", 50), block("19:10", 50))
    assert [hour.at.hour for hour in grid.hours] == list(range(6, 20))
    assert places == [(7, 10, ""), (159, 10, "")]
    assert grid.rows == 14 * 12


def test_time_off_does_not_make_the_day_longer_and_is_cut_to_it():
    grid, places = placed(block("0:00", 24 * 60, "off"), block("9:00", 50))
    assert [hour.at.hour for hour in grid.hours] == list(range(8, 18))
    assert places == [(1, 120, ""), (13, 10, "")]


def test_off_outside_the_hours_is_left_out():
    assert placed(block("5:00", 60, "off"))[1] == []


def test_overlapping_sessions_share_the_width():
    _, places = placed(block("9:00", 60), block("9:30", 60), block("10:00", 30), block("11:00", 30))
    assert [lane for _, _, lane in places] == ["lane-1-2", "lane-2-2", "lane-1-2", ""]


def test_back_to_back_is_not_overlapping():
    _, places = placed(block("9:00", 50), block("9:50", 50))
    assert [lane for _, _, lane in places] == ["", ""]


def test_a_session_over_midnight_is_cut_to_its_day():
    grid, places = placed(block("23:30", 60))
    assert places == [(187, 6, "")]
    assert grid.hours[-1].at.hour == 23


def test_now_is_drawn_on_its_own_day_only():
    now = datetime(2026, 11, 24, 10, 7, tzinfo=MELBOURNE)
    grid = day_grid([Column("Tue", DAY, now=now), Column("Wed", DAY + timedelta(days=1), now=now)])
    assert [(c.is_today, c.now_row) for c in grid.columns] == [(True, 26), (False, 0)]


def test_an_hour_that_comes_twice_stands_side_by_side():
    """5 April 2026, Melbourne: 02:00 to 03:00 happens twice."""
    day = date(2026, 4, 5)
    first = datetime(2026, 4, 5, 2, 0, tzinfo=MELBOURNE)
    second = first.replace(fold=1)
    blocks = [Block(t, t.replace(minute=50), "confirmed") for t in (first, second)]
    grid = day_grid([Column("Mai", day, blocks=blocks)], first_hour=0, last_hour=6)
    assert [(b.row, b.lane) for b in grid.columns[0].blocks] == [(25, "lane-1-2"), (25, "lane-2-2")]


@given(st.lists(st.tuples(st.integers(0, 287), st.integers(1, 60)), max_size=12))
def test_every_block_stays_on_the_grid_and_no_two_cover_each_other(starts):
    midnight = datetime(DAY.year, DAY.month, DAY.day, tzinfo=MELBOURNE)
    blocks = [
        Block(midnight + timedelta(minutes=5 * at), midnight + timedelta(minutes=5 * (at + length)), "confirmed")
        for at, length in starts
    ]
    grid = day_grid([Column("Mai", DAY, blocks=blocks)])
    seen: set[tuple[int, str]] = set()
    for b in grid.columns[0].blocks:
        assert b.row >= 1
        assert b.row + b.span - 1 <= grid.rows <= 288
        if not b.lane.startswith("lane-3-3"):  # a fourth at one time has to lie on the third
            cells = {(row, b.lane) for row in range(b.row, b.row + b.span)}
            assert not cells & seen
            seen |= cells
