"""The ledger by scenarios (docs/australia.md), and as it is said on lists and pages. No database."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.medicare.for_patients import left_in_words, so_far_in_words
from portal.medicare.ledger import CountsTowards
from portal.medicare.models import UsedElsewhere
from portal.medicare.telling import ledger_in_words, standing_in_short
from tests.medicare.test_ledger import counted, held, letter, to_come, weekly

JAN, MAY, NOV = date(2026, 1, 12), date(2026, 5, 4), date(2026, 11, 10)
NEXT = date(2027, 1, 12)
CARER = {"counts_towards": CountsTowards.CARER}
GROUP = {"counts_towards": CountsTowards.GROUP}
FIRST = letter()
LATER = letter("B", date(2026, 6, 1), 4)
THIRD = letter("C", date(2026, 9, 1), 6)
SIX, THREE = held(*weekly(JAN, 6)), held(*weekly(JAN, 3))
TEN = [*SIX, *held(*weekly(date(2026, 6, 8), 4), course="B")]


def elsewhere(individual, carer=0, group=0, year=2026):
    return {year: UsedElsewhere(year=year, individual=individual, carer=carer, group=group)}


# What was, what of it elsewhere, one more on which day and how, and what its line says.
ROWS = [
    ("nothing on file", [], [], {}, MAY, {}, "no referral"),
    ("the first", [FIRST], [], {}, MAY, {}, "1 of 6 · 1 of 10"),
    ("scenario 1: the fifth, in the new year", [letter(written_on=date(2026, 11, 3))],
     held(*weekly(NOV, 4)), {}, NEXT, {}, "5 of 6 · 1 of 10"),
    ("scenario 1: the sixth ends the course", [letter(written_on=date(2026, 11, 3))],
     held(*weekly(NOV, 4), NEXT), {}, NEXT + timedelta(days=7), {}, "6 of 6 · 2 of 10 · report due"),
    ("scenario 2: the next course goes on", [FIRST, LATER], SIX, {}, date(2026, 6, 15), {}, "1 of 4 · 7 of 10"),
    ("scenario 2: the year ends before the third", [FIRST, LATER, THIRD], TEN, {}, date(2026, 10, 5), {},
     "year used up: 10 of 10"),
    ("scenario 2: its rest is for the next year", [FIRST, LATER, THIRD], TEN, {}, NEXT, {}, "1 of 6 · 1 of 10"),
    ("scenario 3: ten stated, six allowed", [letter(stated=10)], SIX, {}, MAY, {}, "referral used up"),
    ("scenario 4: none stated", [letter(stated=None)], SIX[:5], {}, MAY, {}, "6 of 6 · 6 of 10 · report due"),
    ("scenario 5: a carer's counts to the ten", [FIRST], held(JAN, **CARER), {}, MAY, {}, "2 of 6 · 2 of 10"),
    ("scenario 5: the second carer's", [FIRST], held(JAN, **CARER), {}, MAY, CARER, "2 of 6 · 2 of 10"),
    ("scenario 5: the third carer's is not paid", [FIRST], held(JAN, JAN, **CARER), {}, MAY, CARER,
     "carer sessions used up"),
    ("but one with the patient is", [FIRST], held(JAN, JAN, **CARER), {}, MAY, {}, "3 of 6 · 3 of 10"),
    ("a carer's elsewhere counts", [FIRST], held(JAN, **CARER), elsewhere(1, carer=1), MAY, CARER,
     "carer sessions used up"),
    ("carers begin anew in the year", [letter(stated=6)], held(JAN, JAN, **CARER), {}, NEXT, CARER, "3 of 6 · 1 of 10"),
    ("scenario 8: three elsewhere", [FIRST], THREE, elsewhere(3), MAY, {}, "4 of 6 · 7 of 10 (3 elsewhere)"),
    ("ten elsewhere", [FIRST], [], elsewhere(10), MAY, {}, "year used up: 10 of 10 (10 elsewhere)"),
    ("elsewhere of last year is last year's", [FIRST], [], elsewhere(10, year=2025), MAY, {}, "1 of 6 · 1 of 10"),
    ("nine elsewhere leave one", [FIRST], [], elsewhere(9), MAY, {}, "1 of 6 · 10 of 10 (9 elsewhere)"),
    ("of this letter two elsewhere", [letter(elsewhere=2)], [], {}, MAY, {}, "3 of 6 · 1 of 10"),
    ("a letter that is all used elsewhere", [letter(elsewhere=6)], [], {}, MAY, {}, "referral used up"),
    ("an earlier course elsewhere: ten in this", [letter(stated=10, continues=True)], SIX, {}, MAY, {},
     "7 of 10 · 7 of 10"),
    ("scenario 12: written after the session", [letter(written_on=date(2026, 6, 1))], [], {}, MAY, {},
     "referral is newer"),
    ("written on the very day", [letter(written_on=MAY)], [], {}, MAY, {}, "1 of 6 · 1 of 10"),
    ("no letter ends by a date", [letter(written_on=date(2023, 2, 1))], [], {}, MAY, {}, "1 of 6 · 1 of 10"),
    ("used up, and a newer one that covers", [FIRST, LATER], SIX, {}, date(2026, 6, 1), {}, "1 of 4 · 7 of 10"),
    ("used up, and the newer one is too new", [FIRST, LATER], SIX, {}, MAY, {}, "referral used up"),
    ("one service is the first and the last", [letter(stated=1)], [], {}, MAY, {}, "1 of 1 · 1 of 10 · report due"),
    ("a group is no individual session", [FIRST], [], {}, MAY, GROUP, "no referral"),
    ("a group's own letter", [FIRST, letter("G", stated=10, is_for_group=True)], [], {}, MAY, GROUP,
     "1 of 10 · 1 of 10"),
    ("groups use none of the ten", [FIRST, letter("G", stated=10, is_for_group=True)],
     held(*weekly(JAN, 10), course="G", **GROUP), {}, MAY, {}, "1 of 6 · 1 of 10"),
    ("the eleventh group", [letter("G", stated=12, is_for_group=True)],
     held(*weekly(JAN, 10), course="G", **GROUP), {}, MAY, GROUP, "year used up: 10 of 10"),
    ("the last day of a year is that year's", [FIRST], held(date(2026, 12, 31)), {}, date(2026, 12, 31), {},
     "2 of 6 · 2 of 10"),
    ("and the first is the next one's", [FIRST], held(date(2026, 12, 31)), {}, date(2027, 1, 1), {},
     "2 of 6 · 1 of 10"),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "said"), [(row[1:6], row[6]) for row in ROWS], ids=[row[0] for row in ROWS])
def test_one_more_in_a_few_signs(facts, said):
    courses, services, had, day, how = facts
    ledger = counted(courses, [*services, to_come(day, **how)], elsewhere=had)
    assert standing_in_short(ledger.standings["to come"]) == said


def test_scenario_9_a_change_of_psychologist_is_no_fact_of_the_ledger():
    # The same referral goes on: whose session it was is nowhere asked.
    ledger = counted([FIRST], [*THREE, to_come(MAY)])
    assert standing_in_short(ledger.standings["to come"]) == "4 of 6 · 4 of 10"


LINES = [
    ([], [], {}, "0 of 10 this year"),
    ([FIRST], [], {}, "0 of 6 on this referral · 0 of 10 this year"),
    ([FIRST], SIX[:4], elsewhere(3), "4 of 6 on this referral · 7 of 10 this year (3 elsewhere)"),
    (
        [FIRST],
        [*SIX[:4], *held(MAY, **CARER)],
        elsewhere(2),
        "5 of 6 on this referral · 7 of 10 this year (2 elsewhere) · carer 1 of 2 · report due after next",
    ),
    ([FIRST], SIX, {}, "6 of 6 on this referral · 6 of 10 this year · report due"),
    ([FIRST, LATER], SIX, {}, "0 of 4 on this referral · 6 of 10 this year"),
    ([FIRST, LATER], TEN, {}, "4 of 4 on this referral · 10 of 10 this year · report due · no more rebates this year"),
    (
        [FIRST],
        [],
        elsewhere(10),
        "0 of 6 on this referral · 10 of 10 this year (10 elsewhere) · no more rebates this year",
    ),
]


@pytest.mark.parametrize(("courses", "services", "had", "line"), LINES)
def test_all_of_it_in_a_line(courses, services, had, line):
    assert ledger_in_words(counted(courses, services, elsewhere=had), 2026) == line


def test_what_is_booked_is_no_service_yet():
    line = ledger_in_words(counted([FIRST], [*THREE, to_come(MAY)]), 2026)
    assert line == "3 of 6 on this referral · 3 of 10 this year"


@given(st.lists(st.tuples(st.integers(0, 700), st.sampled_from("AB")), max_size=14), st.randoms(use_true_random=False))
def test_the_words_are_the_same_in_whatever_order_the_facts_arrive(history, shuffling: random.Random):
    services = [
        one
        for n, (days, course) in enumerate(history)
        for one in held(date(2026, 1, 5) + timedelta(days, n), course=course)
    ]
    courses = [letter(), letter("B", date(2026, 3, 1), 4)]
    said = ledger_in_words(counted(courses, services), 2026)
    for facts in (courses, services):
        shuffling.shuffle(facts)
    assert ledger_in_words(counted(courses, services), 2026) == said


# ---- What those who pay read -----------------------------------------------------------------------------------------


def beside(courses, services, day=MAY, had=None):
    ledger = counted(courses, [*services, to_come(day)], elsewhere=had or {})
    return left_in_words(ledger.standings["to come"])


def test_a_price_says_what_is_left():
    said = "With your referral: session 4 of 6. After it, Medicare pays towards 6 more in 2026."
    assert beside([FIRST], THREE) == said


def test_beyond_a_cap_it_is_the_rebate_that_ends_and_not_the_sessions():
    said = beside([FIRST, LATER, THIRD], TEN, date(2026, 10, 5))
    assert "no rebate for this one. You can keep coming." in said
    assert said.endswith("from 1 Jan 2027 on.")


def test_what_would_help_is_said():
    assert beside([FIRST], SIX) == "Your referral is used up. With a new one from your doctor, Medicare pays on."
    assert beside([], []).endswith("we have none from you yet.")


def test_what_was_used_so_far():
    assert so_far_in_words(counted(), 2026) == []
    assert so_far_in_words(counted([FIRST], SIX[:4], elsewhere=elsewhere(3)), 2026) == [
        "4 of 6 sessions of your referral are used.",
        "7 of the 10 sessions that Medicare pays towards in 2026 are used.",
        "3 of them were elsewhere.",
    ]
    assert so_far_in_words(counted([FIRST, LATER], TEN), 2026)[-1].startswith(
        "Medicare pays towards no more this year."
    )
    assert so_far_in_words(counted([FIRST], SIX), 2026)[-1].startswith("With a new referral")
