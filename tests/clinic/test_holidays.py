"""Public holidays by state, as the states gazetted them."""

from datetime import date

import pytest

from portal.clinic.holidays import holidays_at
from portal.clinic.models import Location

YEAR = {"first_day": date(2026, 1, 1), "last_day": date(2026, 12, 31)}


def at(state, **fields):
    return holidays_at(Location(state=state, **fields), **YEAR)


@pytest.mark.parametrize(
    ("state", "day", "name"),
    [
        ("VIC", date(2026, 11, 3), "Melbourne Cup Day"),
        ("VIC", date(2026, 6, 8), "King's Birthday"),
        ("vic ", date(2026, 11, 3), "Melbourne Cup Day"),
        ("NSW", date(2026, 10, 5), "Labour Day"),
        ("QLD", date(2026, 10, 5), "King's Birthday"),
        ("WA", date(2026, 6, 1), "Western Australia Day"),
        ("SA", date(2026, 3, 9), "Adelaide Cup Day"),
        ("ACT", date(2026, 6, 1), "Reconciliation Day"),
        ("NT", date(2026, 8, 3), "Picnic Day"),
        ("", date(2026, 12, 25), "Christmas Day"),
        ("NZ", date(2026, 1, 26), "Australia Day"),
    ],
)
def test_each_state_has_its_own(state, day, name):
    assert at(state)[day] == name


@pytest.mark.parametrize(
    ("state", "day"),
    [
        ("NSW", date(2026, 11, 3)),
        ("", date(2026, 6, 8)),
        # From 7 pm, and from 6 pm: parts of days, which are worked.
        ("SA", date(2026, 12, 24)),
        ("NT", date(2026, 12, 31)),
        ("QLD", date(2026, 12, 24)),
        ("VIC", date(2026, 6, 9)),
    ],
)
def test_what_is_no_holiday_there_or_not_a_whole_one_is_worked(state, day):
    assert day not in at(state)


def test_a_place_that_works_on_them_has_none():
    assert dict(at("VIC", works_on_holidays=True)) == {}


def test_a_year_and_the_next_are_asked_together():
    over = holidays_at(Location(state="VIC"), first_day=date(2026, 12, 31), last_day=date(2027, 1, 1))
    assert over[date(2026, 12, 28)] == "Boxing Day (observed)"
    assert over[date(2027, 1, 1)] == "New Year's Day"
