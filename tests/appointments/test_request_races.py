"""Answers to one request, and what is booked beside it, all at once: one wins, and the others are told so."""

from datetime import timedelta
from functools import partial

import pytest

from portal.appointments import actions
from portal.appointments.models import Appointment, Status
from portal.clinic.models import HowBooked
from portal.common.access.actors import Actor
from portal.journeys import requests
from tests import make
from tests.appointments.conftest import MONDAY_NINE, NOW, Practice
from tests.appointments.test_races import VISITOR, assert_nobody_overlaps, at_once, outcomes

pytestmark = pytest.mark.django_db(transaction=True)

__all__ = ["at_once"]
DAY = timedelta(days=1)
CLOCK = Actor.system("worklist")


@pytest.fixture
def asking():
    practice = Practice()
    practice.service = make.service(minutes=50, buffer_after=10, how_booked=HowBooked.ON_REQUEST)
    return practice


def ask_for(practice):
    held = actions.hold(**practice.ask(by=VISITOR))
    return actions.confirm_hold(hold=held, patient=practice.patient, by=practice.online, now=NOW)


def test_confirming_against_booking_the_same_time(asking, at_once):
    asked = ask_for(asking)
    approve = partial(actions.approve, appointment=asked, by=asking.desk, now=NOW)
    book = [partial(actions.book, **asking.ask(patient=make.patient(), by=make.actor())) for _ in range(7)]
    assert outcomes(at_once([approve, *book])) == {"won": 1, "SlotTaken": 7}
    assert Appointment.objects.get().status == Status.BOOKED
    assert_nobody_overlaps()


def test_four_who_confirm_and_four_who_decline_are_one_answer(asking, at_once):
    asked = ask_for(asking)
    approve = partial(requests.approve_request, appointment=asked, now=NOW)
    decline = partial(requests.decline_request, appointment=asked, reason="time", now=NOW)
    calls = [partial(call, by=make.actor()) for call in (approve, decline) for _ in range(4)]
    assert outcomes(at_once(calls)) == {"won": 1, "WrongState": 7}
    answered = Appointment.objects.get()
    assert answered.status in {Status.BOOKED, Status.DECLINED}
    assert answered.revision == 1


def test_confirming_against_taking_it_back_and_the_end_of_its_time(asking, at_once):
    asked = ask_for(asking)
    calls = [
        *(partial(requests.approve_request, appointment=asked, by=asking.desk, now=NOW) for _ in range(3)),
        *(partial(requests.withdraw_request, appointment=asked, by=asking.online, now=NOW) for _ in range(3)),
        *(partial(requests.lapse_request, appointment=asked, by=CLOCK, now=NOW + DAY) for _ in range(3)),
    ]
    assert outcomes(at_once(calls)) == {"won": 1, "WrongState": 8}


def test_a_hold_is_asked_for_once_while_it_runs_out(asking, at_once):
    held = actions.hold(**asking.ask(by=VISITOR))
    until = held.held_until
    ask = partial(actions.confirm_hold, hold=held, patient=asking.patient, by=asking.online)
    late = [partial(ask, now=until) for _ in range(3)]
    early = [partial(ask, now=until - timedelta(seconds=1)) for _ in range(3)]
    done = at_once([*early, *late, partial(actions.clear_run_out_holds, by=CLOCK, now=until)])
    asked = {each.pk for each in done if isinstance(each, Appointment)}
    # Cleared or asked for; and whoever was told that it is asked for was told the truth.
    assert {(row.pk, row.status) for row in Appointment.objects.all()} == {(pk, Status.REQUESTED) for pk in asked}


def test_the_last_room_is_asked_for_once_and_kept_until_it_is_confirmed(at_once):
    practice = Practice()
    make.room(location=practice.location)
    service = make.service(minutes=50, how_booked=HowBooked.ON_REQUEST)
    colleagues = [practice.psychologist, *(practice.another() for _ in range(5))]
    hold = [
        partial(actions.hold, **practice.ask(psychologist=each, service=service, by=VISITOR)) for each in colleagues
    ]
    assert outcomes(at_once(hold)) == {"won": 1, "SlotTaken": 5}
    held = Appointment.objects.get()
    asked = actions.confirm_hold(hold=held, patient=practice.patient, by=practice.online, now=NOW)
    book = [
        partial(actions.book, **practice.ask(psychologist=each, patient=make.patient(), by=make.actor()))
        for each in colleagues
        if each.pk != asked.psychologist_id
    ]
    done = at_once([partial(actions.approve, appointment=asked, by=practice.desk, now=NOW), *book])
    assert outcomes(done) == {"won": 1, "SlotTaken": 5}
    assert Appointment.objects.filter(starts_at=MONDAY_NINE).get().room_id is not None
    assert_nobody_overlaps()


def test_requests_that_nobody_answered_end_once(asking, at_once):
    ask_for(asking)
    done = at_once([partial(requests.lapse_unanswered, by=CLOCK, now=NOW + 3 * DAY) for _ in range(6)])
    assert sum(done) == 1
    assert Appointment.objects.get().decline_reason == "unanswered"
