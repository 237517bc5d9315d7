"""What a week comes to: hours, and everything dated that wins over them."""

from datetime import UTC, date, datetime, time

import pytest

from portal.appointments.models import Closure
from portal.appointments.worked_week import days_of
from tests import make

MONDAY = date(2026, 12, 21)
CHRISTMAS = 4


@pytest.fixture
def place(db):
    make.clinic()
    return make.location(name="Brunswick", state="VIC", works_on_holidays=False)


@pytest.fixture
def mai(place):
    mai = make.psychologist()
    make.week(psychologist=mai, location=place)
    return mai


def _at(day, hour, place):
    return datetime(2026, 12, day, hour, tzinfo=place.zone).astimezone(UTC)


def _week(mai, monday=MONDAY):
    slots = list(mai.time_slots.select_related("location"))
    return days_of(monday, hours=list(mai.hours.select_related("location")), slots=slots, ways=mai.modes, usual=None)


def _pieces(one):
    return [(piece.starts / 60, piece.ends / 60, str(piece.why), piece.label) for piece in one.pieces]


def test_a_holiday_closes_weekly_hours_and_no_extra_ones(mai, place):
    make.time_slot(psychologist=mai, kind="extra", location=place, starts_at=_at(25, 18, place), minutes=60)
    days = _week(mai)
    [weekly, extra] = days[CHRISTMAS].pieces
    assert (str(weekly.why), weekly.label, str(extra.why)) == ("closed", "Christmas Day", "extra")
    assert (days[CHRISTMAS].closed, days[CHRISTMAS].minutes) == (["Christmas Day"], 60)
    place.works_on_holidays = True
    place.save()
    assert _week(mai)[CHRISTMAS].closed == []


def test_a_closure_wins_over_extra_hours_and_leave_over_both(mai, place):
    mai.hours.filter(weekday=1).update(starts=time(9), ends=time(17))
    make.time_slot(psychologist=mai, kind="extra", location=place, starts_at=_at(22, 18, place), minutes=120)
    noon, seven = time(12), time(19)
    Closure.objects.create(
        first_day=date(2026, 12, 22), from_time=noon, last_day=date(2026, 12, 22), until_time=seven, label="Painters"
    )
    make.time_slot(psychologist=mai, starts_at=_at(22, 11, place), minutes=120, label="Dentist")
    tuesday = _week(mai)[1]
    assert _pieces(tuesday) == [
        (9, 11, "weekly", ""),
        (11, 13, "away", "Dentist"),
        (13, 17, "closed", "Painters"),
        (18, 19, "closed", "Painters"),
        (19, 20, "extra", ""),
    ]
    assert (tuesday.away, tuesday.closed, tuesday.minutes) == (["Dentist"], ["Painters"], 180)


def test_hours_count_from_their_first_day_to_their_last(mai):
    mai.hours.filter(weekday=0).update(valid_until=MONDAY)
    mai.hours.filter(weekday=1).update(valid_from=date(2026, 12, 23))
    days = _week(mai)
    assert [bool(day.pieces) for day in days] == [True, False, True, True, True, False, False]
    assert [bool(day.pieces) for day in _week(mai, date(2027, 1, 4))][:2] == [False, True]


def test_the_week_is_on_the_clock_of_each_place(mai, place):
    """Leave of one day in Melbourne ends at nine in the evening in Perth."""
    perth = make.location(name="Perth", state="WA", time_zone="Australia/Perth")
    mai.hours.filter(weekday=2).update(location=perth, starts=time(18), ends=time(0))
    make.time_slot(psychologist=mai, starts_at=_at(23, 0, place), minutes=24 * 60)
    assert _pieces(_week(mai)[2]) == [(18, 21, "away", ""), (21, 24, "weekly", "")]


def test_a_night_on_which_clocks_change_is_drawn_as_they_show_it(mai, place):
    """On 4 April 2027, 3 am comes twice."""
    mai.hours.filter(weekday=4).update(weekday=6, starts=time(0), ends=time(6))
    begins = datetime(2027, 4, 3, 13, tzinfo=UTC)
    make.time_slot(psychologist=mai, starts_at=begins, minutes=5 * 60, label="Asleep")
    assert _pieces(_week(mai, date(2027, 3, 29))[6]) == [(0, 4, "away", "Asleep"), (4, 6, "weekly", "")]


def test_a_closure_of_some_ways_leaves_the_others(mai, place):
    mai.hours.filter(weekday=1).update(starts=time(9), ends=time(17))
    tuesday, noon = date(2026, 12, 22), time(12)
    Closure.objects.create(first_day=tuesday, from_time=noon, last_day=tuesday, label="Painters", in_person=True)
    day = _week(mai)[1]
    assert [(piece.starts // 60, piece.modes) for piece in day.pieces] == [
        (9, ()),
        (12, tuple(way for way in mai.modes if way != "in_person")),
    ]
    assert (day.closed, day.minutes) == (["Painters (in person only)"], 480)
    # Hours for people who come in alone have nothing left.
    mai.hours.filter(weekday=1).update(in_person=True)
    assert [str(piece.why) for piece in _week(mai)[1].pieces] == ["weekly", "closed"]
