"""The days of a recurring session, beside a second opinion: dateutil's rrule, which nobody here wrote."""

import calendar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil import rrule
from hypothesis import given
from hypothesis import strategies as st

from portal.appointments.recurrence import FURTHEST, MOST, Every, Pattern, nominal, on_the_clock, shifted

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


def nth(year: int, month: int, weekday: int, n: int) -> date:
    """The nth such weekday of a month, read off a printed calendar; n -1 is the last."""
    weeks = calendar.monthcalendar(year, month)
    found = [date(year, month, week[weekday]) for week in weeks if week[weekday]]
    return found[n]


def place_in_month(day: date) -> int:
    """Which of the weekdays of its month a day is, counted on a printed calendar."""
    weeks = calendar.monthcalendar(day.year, day.month)
    return [week[day.weekday()] for week in weeks if week[day.weekday()]].index(day.day)


def months_of(year: int, count: int) -> list[tuple[int, int]]:
    return [(year + n // 12, n % 12 + 1) for n in range(count)]


@given(
    interval=st.integers(1, 8),
    first=st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    which=st.integers(0, 7),
    days=st.integers(-60, 60),
)
def test_the_others_of_a_series_by_weeks_go_as_many_days(interval, first, which, days):
    plans = [first + timedelta(weeks=interval * n) for n in range(8)]
    plan = plans.pop(which)
    shift = shifted(Every.WEEKS, plan=plan, stands=plan, to=plan + timedelta(days=days), others=plans)
    assert shift.days == [day + timedelta(days=days) for day in plans]


@given(
    year=st.integers(2026, 2030),
    weekday=st.integers(0, 6),
    n=st.integers(0, 3),
    which=st.integers(0, 11),
    to=st.integers(-20, 20),
)
def test_the_others_of_a_monthly_series_go_to_the_weekday_of_the_new_day(year, weekday, n, which, to):
    months = months_of(year, 12)
    plans = [nth(*month, weekday, n) for month in months]
    plan = plans.pop(which)
    to = plan + timedelta(days=to)
    shift = shifted(Every.MONTH_WEEKDAY, plan=plan, stands=plan, to=to, others=plans)
    place = place_in_month(to)
    by = (to.year - plan.year) * 12 + to.month - plan.month
    later = [divmod(y * 12 + m - 1 + by, 12) for y, m in months[:which] + months[which + 1 :]]
    assert shift.days == [nth(y, m + 1, to.weekday(), -1 if place == 4 else place) for y, m in later]


def test_the_second_tuesday_that_goes_to_the_wednesday_makes_second_wednesdays():
    tuesdays = [date(2026, 9, 8), date(2026, 11, 10), date(2026, 12, 8), date(2027, 1, 12)]
    there = {"plan": date(2026, 10, 13), "stands": date(2026, 10, 13), "to": date(2026, 10, 14)}
    shift = shifted(Every.MONTH_WEEKDAY, **there, others=tuesdays)
    assert shift.days == [date(2026, 9, 9), date(2026, 11, 11), date(2026, 12, 9), date(2027, 1, 13)]
    # From where it stands, after it was moved alone into the week after.
    alone = there | {"stands": date(2026, 10, 20), "to": date(2026, 10, 21)}
    shift = shifted(Every.MONTH_WEEKDAY, **alone, others=tuesdays)
    assert shift.days == [date(2026, 9, 16), date(2026, 11, 18), date(2026, 12, 16), date(2027, 1, 20)]


def test_a_date_that_a_month_lacks_is_its_last_day_and_comes_back_to_the_date():
    others = [date(2027, 2, 15), date(2027, 3, 15), date(2027, 4, 15)]
    at = {"plan": date(2027, 1, 15), "stands": date(2027, 1, 15)}
    shift = shifted(Every.MONTH_DATE, **at, to=date(2027, 1, 31), others=others)
    assert shift.days == [date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30)]
    at = {"plan": date(2027, 1, 31), "stands": date(2027, 1, 31)}
    assert shifted(Every.MONTH_DATE, **at, to=date(2027, 1, 29), others=shift.days).days == [
        date(2027, 2, 28),
        date(2027, 3, 29),
        date(2027, 4, 29),
    ]
    # Over the end of the month, each goes into the month after its own.
    assert shifted(Every.MONTH_DATE, **at, to=date(2027, 2, 1), others=shift.days).days == [
        date(2027, 3, 1),
        date(2027, 4, 1),
        date(2027, 5, 1),
    ]


@pytest.mark.parametrize(
    ("every", "weekday", "to", "every_after", "goes"),
    [
        # The last Tuesday to the last Wednesday; to the fourth that is not the last; and the fifth is the last.
        (Every.MONTH_LAST, 1, date(2026, 10, 28), Every.MONTH_LAST, -1),
        (Every.MONTH_LAST, 1, date(2026, 10, 22), Every.MONTH_WEEKDAY, 3),
        (Every.MONTH_LAST, 1, date(2026, 10, 29), Every.MONTH_LAST, -1),
    ],
)
def test_the_last_weekday_stays_the_last_where_it_can(every, weekday, to, every_after, goes):
    plan, others = date(2026, 10, 27), [nth(*month, weekday, -1) for month in [(2026, 11), (2026, 12), (2027, 1)]]
    shift = shifted(every, plan=plan, stands=plan, to=to, others=others)
    months = [(2026, 11), (2026, 12), (2027, 1)]
    assert (shift.every, shift.days) == (every_after, [nth(*month, to.weekday(), goes) for month in months])


def test_fourth_weekdays_stay_the_fourth_also_where_the_one_that_goes_is_the_last():
    plan, others = date(2026, 11, 24), [date(2026, 12, 22), date(2027, 1, 26)]
    shift = shifted(Every.MONTH_WEEKDAY, plan=plan, stands=plan, to=date(2026, 11, 25), others=others)
    assert shift.days == [date(2026, 12, 23), date(2027, 1, 27)]
    # Those that were moved to a fifth Tuesday are on last ones since then, whatever the series began as.
    since = [date(2026, 12, 29), date(2027, 1, 26)]
    shift = shifted(Every.MONTH_WEEKDAY, plan=plan, stands=plan, to=date(2026, 11, 25), others=since)
    assert shift.days == [date(2026, 12, 30), date(2027, 1, 27)]


@pytest.mark.parametrize(
    ("stands", "to", "weeks_and_days"),
    [
        # Moved alone within its week: the others go from their Tuesday to the Thursday of their own week.
        (date(2026, 9, 18), date(2026, 9, 17), timedelta(days=2)),
        # To the Saturday: still one of its own week.
        (date(2026, 9, 19), date(2026, 9, 18), timedelta(days=3)),
        # To the Thursday of the week after, and a week on from there.
        (date(2026, 9, 24), date(2026, 10, 1), timedelta(days=9)),
    ],
)
def test_after_it_was_moved_alone_the_others_are_counted_from_where_it_stands(stands, to, weeks_and_days):
    plan, others = date(2026, 9, 15), [date(2026, 9, 29), date(2026, 10, 6)]
    shift = shifted(Every.WEEKS, plan=plan, stands=stands, to=to, others=others)
    assert (shift.days, shift.is_by_plan) == ([day + weeks_and_days for day in others], False)


def test_where_two_would_meet_they_are_counted_from_its_own_day_in_the_series():
    """From its Tuesday to the Monday before the next one, and on to that Wednesday: the next one can't go there too."""
    others = [date(2026, 9, 22), date(2026, 9, 29)]
    shift = shifted(Every.WEEKS, plan=date(2026, 9, 15), stands=date(2026, 9, 21), to=date(2026, 9, 23), others=others)
    assert (shift.days, shift.is_by_plan) == ([date(2026, 9, 30), date(2026, 10, 7)], True)


@given(
    every=st.sampled_from([Every.WEEKS, Every.MONTH_DATE, Every.MONTH_WEEKDAY, Every.MONTH_LAST]),
    first=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    which=st.integers(0, 5),
    stands=st.integers(-40, 40),
    to=st.integers(-40, 40),
)
def test_no_two_ever_go_to_one_day(every, first, which, stands, to):
    last = date(first.year, 12, 31)
    if every == Every.MONTH_LAST:
        first = last - timedelta(days=(last.weekday() - first.weekday()) % 7)
    plans = Pattern(every, 1, first, count=6).days()
    plan = plans.pop(which)
    stands = plan + timedelta(days=stands)
    shift = shifted(every, plan=plan, stands=stands, to=stands + timedelta(days=to), others=plans)
    assert len({shift.to, *shift.days}) == 6
    if every == Every.WEEKS:
        assert {day.weekday() for day in shift.days} == {shift.to.weekday()}
