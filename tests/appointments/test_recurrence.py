"""The days of a recurring session, beside a second opinion: dateutil's rrule, which nobody here wrote."""

import calendar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil import rrule
from hypothesis import given
from hypothesis import strategies as st

from portal.appointments.recurrence import FURTHEST, MOST, Every, Pattern, nominal, on_the_clock

MELBOURNE = ZoneInfo("Australia/Melbourne")
WEEKDAYS = [rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA, rrule.SU]
TUESDAY = date(2026, 9, 8)


def second_opinion(pattern: Pattern) -> list[date]:
    first = pattern.first_day
    by = {
        Every.WEEKS: {"freq": rrule.WEEKLY},
        Every.MONTH_DATE: {"freq": rrule.MONTHLY, "bymonthday": first.day},
        Every.MONTH_WEEKDAY: {
            "freq": rrule.MONTHLY,
            "byweekday": WEEKDAYS[first.weekday()]((first.day - 1) // 7 + 1),
        },
        Every.MONTH_LAST: {"freq": rrule.MONTHLY, "byweekday": WEEKDAYS[first.weekday()](-1)},
    }[pattern.every]
    end = min(pattern.until or date.max, first + FURTHEST)
    rule = rrule.rrule(
        dtstart=datetime.combine(first, time()),
        interval=pattern.interval,
        until=datetime.combine(end, time()),
        **by,
    )
    return [moment.date() for moment in rule][: min(pattern.count or MOST, MOST)]


@given(
    every=st.sampled_from(Every),
    interval=st.integers(1, 12),
    first=st.dates(date(2026, 1, 1), date(2030, 12, 31)),
    count=st.none() | st.integers(1, 60),
    days=st.none() | st.integers(-10, 1500),
)
def test_the_days_are_those_of_rrule(every, interval, first, count, days):
    if every == Every.MONTH_LAST:
        # A day that is not the last of its kind is no first day of such a series: rrule begins at the next one.
        last = date(first.year, 12, 31)
        first = last - timedelta(days=(last.weekday() - first.weekday()) % 7)
    until = None if days is None else first + timedelta(days=days)
    pattern = Pattern(every, interval, first, count=count, until=until)
    assert pattern.days() == second_opinion(pattern)


def test_months_without_the_day_are_left_out_and_named():
    pattern = Pattern(Every.MONTH_DATE, 1, date(2026, 10, 31), count=4)
    assert pattern.days() == [date(2026, 10, 31), date(2026, 12, 31), date(2027, 1, 31), date(2027, 3, 31)]
    assert pattern.left_out() == [date(2026, 11, 1), date(2027, 2, 1)]


def test_a_fifth_tuesday_is_not_in_every_month_and_a_last_one_is():
    fifth = date(2026, 9, 29)
    months = [day.month for day in Pattern(Every.MONTH_WEEKDAY, 1, fifth, count=3).days()]
    assert months == [9, 12, 3]
    lasts = Pattern(Every.MONTH_LAST, 1, fifth, count=3)
    assert lasts.days() == [fifth, date(2026, 10, 27), date(2026, 11, 24)]
    assert lasts.left_out() == []


def test_months_without_the_day_are_named_up_to_the_end_date():
    pattern = Pattern(Every.MONTH_DATE, 1, date(2027, 1, 31), until=date(2027, 2, 28))
    assert (pattern.days(), pattern.left_out()) == ([date(2027, 1, 31)], [date(2027, 2, 1)])


def test_a_session_at_five_stays_at_five_when_the_clocks_change():
    """Melbourne's clocks go forward on 4 October 2026 and back on 4 April 2027."""
    days = Pattern(Every.WEEKS, 1, TUESDAY, until=date(2027, 4, 27)).days()
    moments = [on_the_clock(day, time(17), MELBOURNE) for day in days]
    assert {moment.astimezone(MELBOURNE).time() for moment in moments} == {time(17)}
    assert {moment.astimezone(MELBOURNE).weekday() for moment in moments} == {1}
    hours = {}
    for day, moment in zip(days, moments, strict=True):
        hours.setdefault(moment.hour, []).append(day)
    assert (hours[6][0], hours[6][-1]) == (date(2026, 10, 6), date(2027, 3, 30))
    assert (hours[7][:4], hours[7][4]) == (days[:4], date(2027, 4, 6))


@pytest.mark.parametrize(
    ("zone", "day", "at", "comes"),
    [
        ("Australia/Melbourne", date(2026, 10, 4), time(2, 30), None),
        ("Australia/Melbourne", date(2026, 10, 4), time(3, 0), datetime(2026, 10, 3, 16, 0, tzinfo=UTC)),
        # It comes twice, and means the first.
        ("Australia/Melbourne", date(2027, 4, 4), time(2, 30), datetime(2027, 4, 3, 15, 30, tzinfo=UTC)),
        # Half an hour is left out there.
        ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 15), None),
        ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 30), datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
        ("Australia/Perth", date(2026, 10, 4), time(2, 30), datetime(2026, 10, 3, 18, 30, tzinfo=UTC)),
    ],
)
def test_a_time_that_the_clocks_skip_is_none(zone, day, at, comes):
    assert on_the_clock(day, at, ZoneInfo(zone)) == comes


def test_what_is_planned_at_a_skipped_time_is_a_moment_all_the_same():
    assert nominal(date(2026, 10, 4), time(2, 30), MELBOURNE) == datetime(2026, 10, 3, 16, 30, tzinfo=UTC)


@pytest.mark.parametrize(("interval", "count"), [(0, 3), (1, 0)])
def test_a_pattern_goes_on(interval, count):
    with pytest.raises(ValueError, match="at least one day"):
        Pattern(Every.WEEKS, interval, TUESDAY, count=count)


# ---- The moments of the days, against a clock that is walked minute by minute ----------------------------------------

ZONES = ["Australia/Sydney", "Australia/Perth", "Australia/Lord_Howe"]


def walked(day: date, at: time, zone: ZoneInfo) -> datetime | None:
    """The first minute at which the clock of a place shows this, found by looking at it from the day before on."""
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=12)
    # Noon UTC of the day before is no later than midnight anywhere in Australia.
    for _minute in range(40 * 60):
        shown = moment.astimezone(zone)
        if (shown.date(), shown.hour, shown.minute) == (day, at.hour, at.minute):
            return moment
        moment += timedelta(minutes=1)
    return None


@given(
    zone=st.sampled_from(ZONES),
    every=st.sampled_from(Every),
    interval=st.integers(1, 6),
    # The clocks change on 4 October 2026 and on 4 April and 3 October 2027, between one and three in the morning.
    first=st.dates(date(2026, 7, 1), date(2027, 9, 30)) | st.sampled_from([date(2026, 9, 20), date(2027, 3, 21)]),
    at=st.times(time(0, 0), time(23, 45)) | st.sampled_from([time(1, 45), time(2, 0), time(2, 15), time(2, 30)]),
    count=st.integers(1, 4),
)
def test_each_session_is_when_the_clock_of_its_place_shows_the_time(zone, every, interval, first, at, count):
    at = at.replace(minute=at.minute - at.minute % 5, second=0, microsecond=0)
    place = ZoneInfo(zone)
    days = Pattern(every, interval, first, count=count).days()
    assert [on_the_clock(day, at, place) for day in days] == [walked(day, at, place) for day in days]


def test_each_fifth_and_each_last_weekday_by_the_calendar():
    """By the months' own weeks, as a wall calendar prints them."""
    fifth = date(2026, 1, 30)  # The fifth Friday.
    months = [(2026, month) for month in range(1, 13)]
    fridays = {
        (year, month): [week[4] for week in calendar.monthcalendar(year, month) if week[4]] for year, month in months
    }
    with_five = [date(*month, days[4]) for month, days in fridays.items() if len(days) == 5]
    assert Pattern(Every.MONTH_WEEKDAY, 1, fifth, until=date(2026, 12, 31)).days() == with_five
    lasts = [date(*month, days[-1]) for month, days in fridays.items()]
    assert Pattern(Every.MONTH_LAST, 1, fifth, until=date(2026, 12, 31)).days() == lasts
