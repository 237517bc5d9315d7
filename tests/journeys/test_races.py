"""Whoever books with anybody, and whoever is answered or moved meanwhile, on real threads: each has a time or is told.

The table in docs/scheduling.md names every race of the diary with its test.
"""

import re
import threading
from collections import Counter
from functools import partial

import pytest
import time_machine
from django.conf import settings
from django.db import connection, connections, transaction
from django.test import Client

from portal.appointments import actions
from portal.appointments.models import Appointment, Status
from portal.appointments.refusals import NotOffered
from portal.clinic.models import HowBooked
from portal.journeys import booking, closing, requests, time_away
from portal.worklist.models import ToDo
from tests import make
from tests.appointments.conftest import MONDAY_NINE, NOW, Practice
from tests.appointments.test_races import DAY, HOUR, VISITOR, assert_nobody_overlaps, at_once, outcomes
from tests.waiting import until_it_waits

pytestmark = pytest.mark.django_db(transaction=True)

__all__ = ["at_once"]
ROUNDS = 4


def day(n):
    """The nine o'clock of one weekday after the other."""
    return MONDAY_NINE + (n // 5) * 7 * DAY + (n % 5) * DAY


def with_anybody(practice, people, starts_at, **fields):
    """A visitor who asks for one time and minds not with whom."""
    asked = {
        "service": practice.service,
        "mode": "in_person",
        "starts_at": starts_at,
        "location": practice.location,
        "by": VISITOR,
        "now": NOW,
    }
    return partial(booking.hold_time, psychologists=people, **asked | fields)


@pytest.fixture
def practice():
    return Practice()


@pytest.fixture
def people(practice):
    return [practice.psychologist, *(practice.another() for _ in range(3))]


def test_whoever_asks_for_anybody_has_somebody_as_long_as_there_is_one(practice, people, at_once):
    """Twelve at once and four psychologists: each of the four is had once, and eight hear that the time is taken."""
    for n in range(ROUNDS):
        results = at_once([with_anybody(practice, people, day(n))] * 12)
        assert outcomes(results) == Counter(won=4, SlotTaken=8)
        held = Appointment.objects.filter(starts_at=day(n))
        assert Counter(held.values_list("psychologist", flat=True)) == Counter(one.pk for one in people)
    assert_nobody_overlaps()


def test_anybody_against_bookings_of_each_by_name(practice, people, at_once):
    """Four who name a psychologist and four who don't: four times are given, one of each psychologist."""
    for n in range(ROUNDS):
        named = [
            partial(
                actions.book,
                **practice.ask(psychologist=one, starts_at=day(n), patient=make.patient(), by=make.actor()),
            )
            for one in people
        ]
        results = at_once([*named, *[with_anybody(practice, people, day(n))] * 4])
        assert outcomes(results) == Counter(won=4, SlotTaken=4)
        taken = Appointment.objects.filter(starts_at=day(n))
        assert Counter(taken.values_list("psychologist", flat=True)) == Counter(one.pk for one in people)
    assert_nobody_overlaps()


def test_anybody_where_two_rooms_are_free(practice, people, at_once):
    rooms = {make.room(location=practice.location).pk for _ in range(2)}
    for n in range(ROUNDS):
        results = at_once([with_anybody(practice, people, day(n))] * 8)
        assert outcomes(results) == Counter(won=2, SlotTaken=6)
        assert set(Appointment.objects.filter(starts_at=day(n)).values_list("room", flat=True)) == rooms
    assert_nobody_overlaps()


def test_a_request_is_confirmed_while_its_psychologist_takes_leave(practice, at_once):
    """Either it is refused and still waits for an answer, or it is booked and the desk has to decide about it."""
    practice.service = make.service(minutes=50, how_booked=HowBooked.ON_REQUEST)
    seen = Counter()
    for n in range(ROUNDS):
        held = actions.hold(**practice.ask(by=VISITOR, starts_at=day(n)))
        asked = booking.book_session(hold=held, patient=make.patient(), by=practice.online, now=NOW)
        leave = partial(
            time_away.add_time_slot,
            psychologist=practice.psychologist,
            kind="blocked",
            starts_at=day(n),
            ends_at=day(n) + 8 * HOUR,
            label="Leave",
            by=practice.desk,
            now=NOW,
        )
        approve = partial(requests.approve_request, appointment=asked, by=practice.desk, now=NOW)
        assert set(outcomes(at_once([approve, leave]))) <= {"won", "NotOffered"}
        asked.refresh_from_db()
        listed = ToDo.objects.still_open().filter(about_code=str(asked.code)).values_list("kind", flat=True)
        waits_for = {Status.BOOKED: "session_stranded", Status.REQUESTED: "session_requested"}
        assert waits_for[asked.status] in set(listed)
        seen[asked.status] += 1
    assert sum(seen.values()) == ROUNDS


@pytest.fixture
def closing_the_day(practice):
    """What closes the day at `starts_at`, by name."""

    def closing_by(what, starts_at):
        said = {"by": practice.desk, "now": NOW}
        if what == "closure":
            the_day = practice.location.day_of(starts_at)
            return partial(
                closing.add_closure, location=None, label="Painters", first_day=the_day, last_day=the_day, **said
            )
        span = {"starts_at": starts_at, "ends_at": starts_at + 8 * HOUR}
        return partial(
            time_away.add_time_slot, psychologist=practice.psychologist, kind="blocked", label="Leave", **span, **said
        )

    return closing_by


@pytest.fixture
def taking_the_time(practice):
    """What takes the time at `starts_at`, by name: a booking, or a request that is confirmed."""

    def taking_by(what, starts_at):
        if what == "booking":
            asked = practice.ask(starts_at=starts_at, patient=make.patient(), by=practice.desk)
            return partial(actions.book, **asked)
        practice.service = make.service(minutes=50, how_booked=HowBooked.ON_REQUEST)
        held = actions.hold(**practice.ask(by=VISITOR, starts_at=starts_at))
        asked = booking.book_session(hold=held, patient=make.patient(), by=practice.online, now=NOW)
        return partial(requests.approve_request, appointment=asked, by=practice.desk, now=NOW)

    return taking_by


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has one writer at a time, and can't tell who waits"
)
@pytest.mark.parametrize("what", ["leave", "closure"])
@pytest.mark.parametrize("taken_by", ["booking", "request"])
@pytest.mark.parametrize("is_taken_first", [True, False])
def test_who_closes_a_time_and_who_takes_it_wait_for_each_other(
    closing_the_day, taking_the_time, what, taken_by, is_taken_first
):
    """One of them has done all but commit when the other begins: chance decides nothing."""
    take, close = taking_the_time(taken_by, day(0)), closing_the_day(what, day(0))
    first, second = (take, close) if is_taken_first else (close, take)
    came = []

    def meanwhile():
        try:
            came.append(second())
        except NotOffered as refused:
            came.append(refused)
        connections.close_all()

    thread = threading.Thread(target=meanwhile)
    with transaction.atomic():
        first()
        thread.start()
        until_it_waits(thread)
        assert came == []
    thread.join(timeout=20)
    [session] = Appointment.objects.all() if is_taken_first or taken_by == "request" else [None]
    if is_taken_first:
        listed = ToDo.objects.still_open().of_kind("session_stranded").values_list("about_code", flat=True)
        assert (session.status, list(listed)) == (Status.BOOKED, [str(session.code)])
    else:
        assert isinstance(came[0], NotOffered)
        assert session is None or session.status == Status.REQUESTED


def test_two_sessions_whose_rooms_close_want_the_one_that_is_left(practice, people, at_once):
    rooms = [make.room(location=practice.location) for _ in range(2)]
    sessions = [
        actions.book(
            **practice.ask(psychologist=one, room=room, starts_at=day(n), patient=make.patient(), by=practice.desk)
        )
        for n in range(ROUNDS)
        for one, room in zip(people, rooms, strict=False)
    ]
    spare = make.room(location=practice.location)
    for room in rooms:
        room.is_active = False
        room.save()
    for n in range(ROUNDS):
        pair = [session for session in sessions if session.starts_at == day(n)]
        moves = [partial(actions.change_room, appointment=each, by=practice.desk, now=NOW) for each in pair]
        assert outcomes(at_once(moves)) == Counter(won=1, SlotTaken=1)
        there = Counter(Appointment.objects.filter(starts_at=day(n)).values_list("room", flat=True))
        assert there[spare.pk] == 1
        assert len(there) == 2


def test_six_browsers_press_one_time_of_the_page_for_anybody(practice, people, at_once):
    """Four psychologists are free then: four go on to confirm, and two read that it is taken and what else is free."""
    make.service(slug="session", minutes=50)
    time = f"{MONDAY_NINE:%Y-%m-%dT%H:%MZ} {practice.location.slug}"

    def pressing(n):
        browser = Client(REMOTE_ADDR=f"203.0.113.{n}")
        answer = browser.post("/book/session/", {"time": time, "psychologist": "any", "mode": "in_person"})
        connections.close_all()
        return answer

    with time_machine.travel(NOW, tick=False):
        answers = at_once([partial(pressing, n) for n in range(1, 7)])
    assert Counter(answer.status_code for answer in answers) == Counter({302: 4, 409: 2})
    assert {answer.url for answer in answers if answer.status_code == 302} == {"/book/session/confirm/"}
    for lost in (answer.content.decode() for answer in answers if answer.status_code == 409):
        assert "was just taken" in lost
        assert lost.count('name="time"') > 1
    assert Counter(Appointment.objects.values_list("psychologist", flat=True)) == Counter(one.pk for one in people)


RACE = re.compile(r"^\| .+ \| `(tests/[\w/]+\.py)::(test_\w+)` \|$", re.MULTILINE)


@pytest.mark.django_db(transaction=False)
def test_every_race_that_the_page_names_is_a_test():
    named = RACE.findall((settings.BASE_DIR / "docs/scheduling.md").read_text())
    assert len(named) >= 18
    missing = [
        f"{file}::{name}" for file, name in named if f"def {name}(" not in (settings.BASE_DIR / file).read_text()
    ]
    assert missing == []
