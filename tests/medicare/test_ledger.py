"""The Better Access ledger: what was used, what is left, and why one more would not be paid. No database."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.medicare.ledger import (
    Count,
    CountsTowards,
    Course,
    Doubt,
    Ledger,
    Service,
    Why,
    count,
)
from portal.medicare.models import BetterAccessLimits, UsedElsewhere

TEN = {"individual_a_year": 10, "group_a_year": 10, "carer_a_year": 2, "initial_course": 6}
LIMITS = [BetterAccessLimits(valid_from=date(2023, 1, 1), **TEN)]


def letter(key="A", written_on=date(2026, 1, 5), stated=6, **fields) -> Course:
    return Course(key=key, written_on=written_on, stated=stated, **fields)


def held(*days: date, course="A", **fields) -> list[Service]:
    return [
        Service(key=f"{course} {day} {n}", day=day, starts_at=at(day, 9 + n), course=course, **fields)
        for n, day in enumerate(days)
    ]


def to_come(day: date, **fields) -> Service:
    return Service(key="to come", day=day, starts_at=at(day, 20), **fields)


def at(day: date, hour: int = 9) -> datetime:
    return datetime.combine(day, time(hour % 24), tzinfo=UTC)


def weekly(start: date, number: int) -> list[date]:
    return [start + timedelta(weeks=n) for n in range(number)]


def counted(courses=(), services=(), **fields) -> Ledger:
    return count(courses=courses, services=services, limits=LIMITS, **fields)


# ---- A course --------------------------------------------------------------------------------------------------------


def test_services_left_over_are_carried_into_the_next_year_and_count_there():
    referral = letter(written_on=date(2026, 11, 3))
    services = held(*weekly(date(2026, 11, 10), 4), date(2027, 1, 12), date(2027, 1, 19))
    ledger = counted([referral], services)
    assert ledger.course("A").is_used_up
    assert [ledger.standings[one.key].why for one in services] == [None] * 6
    assert ledger.year(2026).individual == Count(cap=10, here=4, elsewhere=0)
    assert ledger.year(2027).individual == Count(cap=10, here=2, elsewhere=0)
    assert ledger.course("A").last_day == date(2027, 1, 19)


def test_a_later_course_ends_where_the_year_does_and_its_rest_is_for_the_next():
    courses = [
        letter("A", date(2026, 11, 3)),
        letter("B", date(2027, 2, 2), stated=4),
        letter("C", date(2027, 9, 1), stated=6),
    ]
    services = [
        *held(*weekly(date(2026, 11, 10), 4), date(2027, 1, 12), date(2027, 1, 19)),
        *held(*weekly(date(2027, 2, 9), 4), course="B"),
        *held(*weekly(date(2027, 9, 7), 4), course="C"),
    ]
    ledger = counted(courses, services)
    assert ledger.year(2027).individual.left == 0
    assert ledger.course("C").left == 2
    assert not [one for one in ledger.standings.values() if one.why]
    assert standing(courses, services, to_come(date(2027, 10, 5))).why is Why.YEAR_IS_USED_UP
    january = standing(courses, services, to_come(date(2028, 1, 4)))
    assert (january.why, january.course and january.course.key, january.number, january.in_year) == (None, "C", 5, 1)


@pytest.mark.parametrize(
    ("course", "allowed", "doubt"),
    [
        (letter(stated=6), 6, None),
        (letter(stated=4), 4, None),
        (letter(stated=10), 6, Doubt.MORE_THAN_AN_INITIAL_COURSE),
        (letter(stated=None), 6, Doubt.UNSTATED),
        (letter(stated=10, continues=True), 10, None),
        (letter(stated=12, continues=True), 10, Doubt.MORE_THAN_A_YEAR),
        (letter(stated=10, is_for_group=True), 10, None),
        (letter(stated=None, is_for_group=True), 10, Doubt.UNSTATED),
    ],
)
def test_what_a_first_course_allows(course, allowed, doubt):
    found = counted([course]).course("A")
    assert (found.allowed, found.doubt) == (allowed, doubt)


def test_only_the_first_individual_course_is_the_initial_one():
    group = letter("G", date(2025, 1, 1), stated=10, is_for_group=True)
    ledger = counted([letter("B", date(2026, 6, 1), stated=8), letter("A", stated=8), group])
    assert [(one.course.key, one.allowed) for one in ledger.courses] == [("G", 10), ("A", 6), ("B", 8)]


def test_what_was_used_elsewhere_is_used():
    found = counted([letter(elsewhere=2)], held(date(2026, 2, 3))).course("A")
    assert (found.used, found.left) == (3, 3)


def test_the_last_but_one_says_that_the_report_is_next():
    ledger = counted([letter()], held(*weekly(date(2026, 2, 3), 5)))
    assert ledger.course("A").is_last_next


# ---- One more --------------------------------------------------------------------------------------------------------


def standing(courses, services, one: Service, **fields):
    return counted(courses, [*services, one], **fields).standings[one.key]


@pytest.mark.parametrize(
    ("courses", "why"),
    [
        ([], Why.NO_REFERRAL),
        ([letter(written_on=date(2026, 3, 4))], Why.WRITTEN_AFTER),
        ([letter(is_for_group=True)], Why.NO_REFERRAL),
        ([letter(elsewhere=6)], Why.USED_UP),
        ([letter(elsewhere=6), letter("B", date(2026, 3, 4))], Why.USED_UP),
        ([letter(elsewhere=6), letter("B", date(2026, 3, 3))], None),
        ([letter(written_on=date(2023, 3, 3))], None),
    ],
)
def test_whether_one_more_is_covered(courses, why):
    assert standing(courses, [], to_come(date(2026, 3, 3))).why is why


def test_the_oldest_referral_with_one_left_is_used_first():
    courses = [letter("B", date(2026, 2, 1)), letter("A", date(2025, 11, 1))]
    assert standing(courses, [], to_come(date(2026, 3, 3))).course.key == "A"
    used = held(*weekly(date(2025, 11, 4), 6))
    assert standing(courses, used, to_come(date(2026, 3, 3))).course.key == "B"


def test_what_the_patient_had_elsewhere_counts_to_the_year():
    elsewhere = {2026: UsedElsewhere(individual=3)}
    ledger = counted([letter()], [], elsewhere=elsewhere)
    assert ledger.year(2026).individual == Count(cap=10, here=0, elsewhere=3)
    assert ledger.year(2026).individual.left == 7
    found = standing([letter()], [], to_come(date(2026, 3, 3)), elsewhere=elsewhere)
    assert (found.number, found.of, found.in_year, found.cap) == (1, 6, 4, 10)


def test_a_carers_service_counts_to_the_ten_and_to_the_two():
    carer = {"counts_towards": CountsTowards.CARER}
    services = [*held(date(2026, 2, 3), date(2026, 2, 10), **carer), *held(date(2026, 2, 17))]
    ledger = counted([letter()], services)
    assert (ledger.year(2026).individual.here, ledger.year(2026).carer.here) == (3, 2)
    third = to_come(date(2026, 3, 3), **carer)
    assert standing([letter()], services, third).why is Why.CARERS_ARE_USED_UP
    assert standing([letter()], services, to_come(date(2026, 3, 3))).why is None
    next_year = to_come(date(2027, 3, 3), **carer)
    assert standing([letter()], services, next_year).why is None


def test_groups_have_a_course_and_ten_of_their_own():
    courses = [letter(), letter("G", stated=10, is_for_group=True)]
    services = held(*weekly(date(2026, 2, 3), 10), course="G", counts_towards=CountsTowards.GROUP)
    assert standing(courses, services, to_come(date(2026, 5, 1))).why is None
    group = to_come(date(2026, 5, 1), counts_towards=CountsTowards.GROUP)
    assert standing(courses, services, group).why is Why.YEAR_IS_USED_UP
    assert standing(courses, services, to_come(date(2027, 5, 1), counts_towards=CountsTowards.GROUP)).why is Why.USED_UP


def test_the_day_is_that_on_which_it_began_where_it_took_place():
    # Half past eleven at night on New Year's Eve in Melbourne: the year that ends, though it ended in the next.
    eve = Service(key="eve", day=date(2026, 12, 31), starts_at=datetime(2026, 12, 31, 12, 30, tzinfo=UTC), course="A")
    ledger = counted([letter()], [eve])
    assert (ledger.year(2026).individual.here, ledger.year(2027).individual.here) == (1, 0)


def test_one_that_is_billed_late_takes_its_place_by_its_day():
    services = held(*weekly(date(2026, 2, 3), 6))
    ledger = counted([letter()], random.Random(1).sample(services, 6))
    assert [ledger.standings[one.key].number for one in services] == [1, 2, 3, 4, 5, 6]


def test_too_many_that_were_billed_all_the_same_are_seen():
    services = held(*weekly(date(2026, 2, 3), 7))
    ledger = counted([letter()], services)
    assert [ledger.standings[one.key].why for one in services] == [*[None] * 6, Why.USED_UP]
    assert (ledger.course("A").used, ledger.course("A").left) == (7, 0)
    early = held(date(2026, 1, 4))
    assert counted([letter()], early).standings[early[0].key].why is Why.WRITTEN_AFTER


def test_two_to_come_do_not_have_the_same_last_one():
    services = held(*weekly(date(2026, 2, 3), 5))
    two = [
        Service(key=name, day=day, starts_at=at(day))
        for name, day in (("late", date(2026, 4, 9)), ("early", date(2026, 4, 2)))
    ]
    ledger = counted([letter()], [*two, *services])
    assert (ledger.standings["early"].number, ledger.standings["early"].why) == (6, None)
    assert ledger.standings["late"].why is Why.USED_UP
    # What is to come uses nothing up.
    assert ledger.course("A").left == 1
    assert ledger.year(2026).individual.here == 5


def test_the_cap_of_a_year_is_that_years():
    twenty = BetterAccessLimits(valid_from=date(2027, 1, 1), **TEN | {"individual_a_year": 20})
    ledger = count(courses=[letter()], services=[], limits=[twenty, *LIMITS])
    # What is known first counts for before it too.
    assert [ledger.year(year).individual.cap for year in (2021, 2026, 2027, 2028)] == [10, 10, 20, 20]


def test_without_limits_nothing_is_claimed():
    with pytest.raises(ValueError, match="no limits"):
        count(courses=[letter()], services=[], limits=[])


# ---- Whatever the order ----------------------------------------------------------------------------------------------

DAYS = st.dates(date(2025, 6, 1), date(2027, 8, 1))
KINDS = st.sampled_from([CountsTowards.INDIVIDUAL, CountsTowards.CARER])


@st.composite
def histories(draw):
    courses = [
        letter(f"C{n}", day, draw(st.none() | st.integers(1, 12)), elsewhere=draw(st.integers(0, 3)))
        for n, day in enumerate(draw(st.lists(DAYS, min_size=1, max_size=4)))
    ]
    keys = st.sampled_from([one.key for one in courses]) | st.none()
    services = [
        Service(
            key=f"S{n}",
            day=day,
            starts_at=at(day, draw(st.integers(8, 18))),
            counts_towards=draw(KINDS),
            course=draw(keys),
        )
        for n, day in enumerate(draw(st.lists(DAYS, max_size=30)))
    ]
    elsewhere = {2026: UsedElsewhere(individual=draw(st.integers(0, 4)))}
    return courses, services, elsewhere


@given(histories(), st.randoms(use_true_random=False))
def test_the_ledger_is_the_same_in_whatever_order_the_facts_arrive(history, shuffling):
    courses, services, elsewhere = history
    once = counted(courses, services, elsewhere=elsewhere)
    shuffling.shuffle(courses)
    shuffling.shuffle(services)
    again = counted(courses, services, elsewhere=elsewhere)
    assert again.courses == once.courses
    assert again.standings == once.standings
    assert [again.year(year) for year in range(2025, 2029)] == [once.year(year) for year in range(2025, 2029)]


@given(histories())
def test_nothing_is_covered_beyond_a_cap(history):
    courses, services, elsewhere = history
    ledger = counted(courses, services, elsewhere=elsewhere)
    covered = [one for one in ledger.standings.values() if one.is_covered]
    for year in range(2025, 2028):
        of_year = [one for one in covered if one.service.day.year == year]
        said = elsewhere.get(year, UsedElsewhere()).individual
        assert len(of_year) + said <= max(10, said)
        assert sum(one.service.counts_towards == CountsTowards.CARER for one in of_year) <= 2
    for course in ledger.courses:
        planned = [one for one in covered if one.course == course.course and not one.service.is_given]
        assert not planned or course.used + len(planned) <= course.allowed
        assert all(one.course.written_on <= one.service.day for one in covered if one.course == course.course)
