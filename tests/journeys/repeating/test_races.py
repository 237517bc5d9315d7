"""Series that move at the same moment: one order of locks, so all of them queue and none meets a deadlock."""

from collections import Counter
from functools import partial

import pytest

from portal.appointments import actions
from portal.appointments.actions import transactions
from portal.appointments.actions.clashes import Clash, Terms
from portal.appointments.actions.repeating import SeriesTaken, Wish, book_series
from portal.appointments.models import Appointment
from portal.appointments.recurrence import Every, Pattern
from portal.appointments.series_forms import Which
from portal.clinic.models import ClinicSettings, Mode
from portal.journeys.repeating.moving import move_sessions, propose_move
from tests import make
from tests.appointments.conftest import MONDAY_NINE, NOW, Practice
from tests.appointments.test_races import DAY, HOUR, assert_nobody_overlaps, at_once, outcomes

__all__ = ["at_once"]

pytestmark = pytest.mark.django_db(transaction=True)

SESSIONS = 4


@pytest.fixture(autouse=True)
def _a_deadlock_is_seen(monkeypatch):
    """Otherwise whoever lost to one would begin again, and it would show in nothing."""
    monkeypatch.setattr(transactions, "TRIES", 1)


def terms(practice, psychologist, location, patient):
    return Terms(psychologist, patient, practice.service, Mode.IN_PERSON, location)


def booked(practice, held, start):
    times = [start + k * 7 * DAY for k in range(SESSIONS)]
    pattern = Pattern(Every.WEEKS, 1, held.location.day_of(start), count=SESSIONS)
    wishes = [Wish(at, at) for at in times]
    return book_series(terms=held, pattern=pattern, wishes=wishes, by=practice.desk, now=NOW)


def moving(practice, rows, to, *, by):
    """What the desk presses: the whole series, by so much, held as `to` says."""
    first = Appointment.objects.for_listing().get(pk=rows[0].pk)
    there = (first.starts_at + by).astimezone(to.location.zone)
    asked = propose_move(
        first,
        day=there.date(),
        at=there.time(),
        which=Which.ALL,
        to=to,
        data=None,
        by=practice.desk,
        now=NOW,
        clinic=ClinicSettings.current(),
    )
    return partial(move_sessions, asked, by=practice.desk, now=NOW)


def test_two_series_change_psychologists_in_opposite_directions(at_once):
    """Each locks both diaries, the rooms of a place and its own rows; the one who comes second waits with nothing."""
    practice, room = Practice(), make.room()
    practice.location = room.location
    make.room(location=room.location)
    mine, yours = make.psychologist(), make.psychologist()
    for person in (mine, yours):
        make.week(psychologist=person, location=room.location)
    for n in range(5):
        start = MONDAY_NINE + n * DAY
        held = [terms(practice, person, room.location, make.patient()) for person in (mine, yours)]
        rows = [booked(practice, each, start) for each in held]
        to = [held[0]._replace(psychologist=yours), held[1]._replace(psychologist=mine)]
        calls = [moving(practice, own, there, by=2 * HOUR) for own, there in zip(rows, to, strict=True)]
        results = at_once(calls)
        assert outcomes(results) == Counter(won=2), results
        for own, person in zip(rows, (yours, mine), strict=True):
            now = Appointment.objects.filter(pk__in=[row.pk for row in own])
            assert {row.psychologist_id for row in now} == {person.pk}
    assert_nobody_overlaps()


def test_two_series_that_move_into_the_same_times_of_one_colleague(at_once):
    """One has all of them; the other stays whole with whom it was, and is told which times are gone."""
    practice = Practice()
    colleague, other = practice.another(), practice.another()
    for n in range(3):
        start = MONDAY_NINE + n * DAY
        held = [terms(practice, each, practice.location, make.patient()) for each in (practice.psychologist, other)]
        rows = [booked(practice, each, start) for each in held]
        calls = [
            moving(practice, own, each._replace(psychologist=colleague), by=0 * DAY)
            for own, each in zip(rows, held, strict=True)
        ]
        results = at_once(calls)
        assert outcomes(results) == Counter(won=1, SeriesTaken=1), results
        [lost] = [result for result in results if isinstance(result, SeriesTaken)]
        assert lost.clashes == {start + k * 7 * DAY: Clash.PSYCHOLOGIST for k in range(SESSIONS)}
        for own, each, result in zip(rows, held, results, strict=True):
            now = Appointment.objects.filter(pk__in=[row.pk for row in own])
            expected = each.psychologist if isinstance(result, SeriesTaken) else colleague
            assert {row.psychologist_id for row in now} == {expected.pk}
    assert_nobody_overlaps()


def test_a_series_that_moves_to_a_colleague_against_bookings_of_the_colleagues_times(at_once):
    """The series is moved whole, or stays whole where one of its times went to somebody else."""
    practice = Practice()
    colleague = practice.another()
    seen = Counter()
    for n in range(5):
        start = MONDAY_NINE + n * DAY
        held = terms(practice, practice.psychologist, practice.location, make.patient())
        rows = booked(practice, held, start)
        last = start + (SESSIONS - 1) * 7 * DAY
        rival = partial(
            actions.book,
            **practice.ask(by=practice.desk, starts_at=last, psychologist=colleague) | {"patient": make.patient()},
        )
        results = at_once([moving(practice, rows, held._replace(psychologist=colleague), by=0 * DAY), rival])
        told = outcomes(results)
        assert told in (Counter(won=1, SlotTaken=1), Counter(won=1, SeriesTaken=1)), results
        whose = {row.psychologist_id for row in Appointment.objects.filter(pk__in=[row.pk for row in rows])}
        is_moved = told["SlotTaken"] == 1
        assert whose == {colleague.pk if is_moved else practice.psychologist.pk}
        for result in results:
            if isinstance(result, SeriesTaken):
                assert result.clashes == {last: Clash.PSYCHOLOGIST}
        seen[is_moved] += 1
    assert sum(seen.values()) == 5
    assert_nobody_overlaps()
