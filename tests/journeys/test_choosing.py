from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.appointments.parts_of_day import PartOfDay
from portal.journeys import choosing
from tests import make

NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
MONDAY = date(2026, 11, 30)


@pytest.fixture
def place(clinic):
    return make.location()


def people(number, place):
    made = []
    for _ in range(number):
        psychologist = make.psychologist()
        make.week(psychologist=psychologist, location=place)
        made.append(psychologist)
    return made


def test_a_week_merges_who_is_free_at_each_time(clinic, place):
    psychologists = people(2, place)
    week = choosing.week_of_times(
        psychologists=psychologists, service=make.service(), monday=MONDAY, now=NOW, clinic=clinic
    )
    assert [day.date for day in week.days] == [
        date(2026, 11, 30 + n) if n == 0 else date(2026, 12, n) for n in range(7)
    ]
    assert [bool(day.times) for day in week.days] == [True] * 5 + [False] * 2
    assert all(free.psychologists == psychologists for day in week.days for free in day.times)
    assert (week.previous, week.next) == (date(2026, 11, 23), date(2026, 12, 7))


def test_there_is_no_turning_back_before_this_week_nor_past_the_horizon(clinic, place):
    (psychologist,) = people(1, place)
    clinic.horizon_days = 7
    options = {"psychologists": [psychologist], "service": make.service(), "now": NOW, "clinic": clinic}
    assert choosing.week_of_times(monday=date(2026, 11, 23), **options).previous is None
    assert choosing.week_of_times(monday=date(2026, 11, 30), **options).next is None


def test_an_empty_week_names_the_next_free_time(clinic, place):
    psychologist = make.psychologist()
    make.hours(psychologist=psychologist, location=place, weekday=0)
    make.time_slot(psychologist=psychologist, starts_at=datetime(2026, 11, 28, tzinfo=UTC), minutes=7 * 24 * 60)
    week = choosing.week_of_times(
        psychologists=[psychologist], service=make.service(), monday=MONDAY, now=NOW, clinic=clinic
    )
    assert week.is_empty
    assert week.first_free is not None
    assert week.first_free.psychologists == [psychologist]


SUNDAY_NIGHT = datetime(2026, 11, 29, 10, 30, tzinfo=UTC)  # 21:30 in Melbourne


def test_on_a_sunday_night_it_opens_on_the_week_that_begins_tomorrow(clinic, place):
    options = {"psychologists": people(1, place), "service": make.service(), "now": SUNDAY_NIGHT, "clinic": clinic}
    opened = choosing.week_of_times(monday=date(2026, 11, 23), is_asked_for=False, **options)
    assert (opened.monday, opened.is_empty, opened.is_first_with_times) == (date(2026, 11, 30), False, True)
    assert (opened.previous, opened.next) == (date(2026, 11, 23), date(2026, 12, 7))
    asked_for = choosing.week_of_times(monday=date(2026, 11, 23), **options)
    assert (asked_for.monday, asked_for.is_empty, asked_for.is_first_with_times) == (date(2026, 11, 23), True, False)
    assert asked_for.first_free is not None
    assert asked_for.first_free.monday == date(2026, 11, 30)


def test_it_opens_on_this_week_while_that_has_a_time_and_where_no_week_has_one(clinic, place):
    options = {"service": make.service(), "monday": date(2026, 11, 23), "now": NOW, "clinic": clinic}
    with_times = choosing.week_of_times(psychologists=people(1, place), is_asked_for=False, **options)
    without = choosing.week_of_times(psychologists=[make.psychologist()], is_asked_for=False, **options)
    assert [(week.monday, week.is_first_with_times) for week in (with_times, without)] == [
        (date(2026, 11, 23), False)
    ] * 2
    assert without.first_free is None


def test_it_opens_no_further_than_can_be_booked(clinic, place):
    psychologist = make.psychologist()
    make.hours(psychologist=psychologist, location=place, weekday=0)
    make.time_slot(psychologist=psychologist, starts_at=NOW, minutes=(clinic.horizon_days + 1) * 24 * 60)
    week = choosing.week_of_times(
        psychologists=[psychologist],
        service=make.service(),
        monday=date(2026, 11, 23),
        now=NOW,
        clinic=clinic,
        is_asked_for=False,
    )
    assert (week.monday, week.first_free) == (date(2026, 11, 23), None)


def test_a_session_being_moved_counts_as_free_in_a_later_week_too(clinic, place):
    psychologist = make.psychologist()
    make.hours(psychologist=psychologist, location=place, weekday=2, starts="09:00", ends="10:30")
    session = make.appointment(
        psychologist=psychologist, location=place, starts_at=datetime(2026, 12, 1, 22, 0, tzinfo=UTC)
    )
    week = choosing.week_of_times(
        psychologists=[psychologist],
        service=session.service,
        monday=date(2026, 11, 23),
        now=SUNDAY_NIGHT,
        clinic=clinic,
        ignore=session,
    )
    assert week.is_empty
    assert week.first_free is not None
    # Not where it is already, but what overlaps it: that time is its own.
    assert week.first_free.starts_at == session.starts_at + timedelta(minutes=30)


def test_a_week_takes_the_same_queries_for_one_and_for_many(clinic, place):
    service, counts = make.service(), []
    for number in (1, 29):
        psychologists = people(number, place)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            choosing.week_of_times(psychologists=psychologists, service=service, monday=MONDAY, now=NOW, clinic=clinic)
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        "2026-12-01T00:00Z",
        "2026-12-01T00:00Z nowhere",
        "2026-13-01T00:00Z l",
        "\0",
        "9999-12-31T23:59Z l",
        "0001-01-01T00:00Z l",
    ],
)
def test_a_time_that_no_page_sent_is_refused(place, value):
    with pytest.raises(ValueError, match=r"time data|no such location|not a time of this age"):
        choosing.read_time(value)


def test_a_time_survives_the_form(clinic, place):
    psychologists = people(1, place)
    week = choosing.week_of_times(
        psychologists=psychologists, service=make.service(), monday=MONDAY, now=NOW, clinic=clinic
    )
    free = next(free for day in week.days for free in day.times)
    assert choosing.read_time(free.value) == (free.starts_at, place)


@pytest.mark.parametrize(
    ("wall", "part"),
    [("00:00", "morning"), ("11:59", "morning"), ("12:00", "afternoon"), ("16:59", "afternoon"), ("17:00", "evening")],
)
@pytest.mark.parametrize("zone", ["Australia/Perth", "Australia/Lord_Howe", "Australia/Sydney"])
def test_parts_of_the_day_are_told_by_the_places_clock(wall, part, zone):
    hour, minute = map(int, wall.split(":"))
    moment = datetime(2026, 12, 1, hour, minute, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert PartOfDay.of(moment, ZoneInfo(zone)) == part


def test_the_next_free_time_of_an_empty_day_is_a_later_one_or_else_the_first_of_all(clinic, place):
    psychologist = make.psychologist()
    make.hours(psychologist=psychologist, location=place, weekday=1)
    clinic.horizon_days = 20
    options = {"psychologists": [psychologist], "service": make.service(), "now": NOW, "clinic": clinic}
    found = {}
    for day in (date(2026, 11, 30), date(2026, 12, 2), date(2026, 12, 9)):
        week = choosing.week_of_times(monday=choosing.monday_of(day), day=day, **options)
        assert (week.open.date, week.open.times, week.is_empty) == (day, [], False)
        found[day] = week.first_free.day
    assert found == {
        date(2026, 11, 30): date(2026, 12, 1),
        date(2026, 12, 2): date(2026, 12, 8),
        date(2026, 12, 9): date(2026, 11, 24),
    }


def test_the_likely_day_is_open_only_while_it_has_a_time(clinic, place):
    psychologist = make.psychologist()
    for weekday in (1, 3):
        make.hours(psychologist=psychologist, location=place, weekday=weekday)
    options = {"psychologists": [psychologist], "service": make.service(), "now": NOW, "clinic": clinic}
    opened = [
        choosing.week_of_times(monday=MONDAY, likely_day=likely, day=day, **options).open.date
        for likely, day in (
            (None, None),
            (date(2026, 12, 3), None),
            (date(2026, 12, 2), None),
            (date(2026, 12, 3), MONDAY),
        )
    ]
    assert opened == [date(2026, 12, 1), date(2026, 12, 3), date(2026, 12, 1), MONDAY]
