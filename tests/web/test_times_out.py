"""Whoever may move or cancel a session sees that its patient was mailed times, and until when they may choose."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from portal.accounts.roles import Role
from portal.appointments import states
from portal.appointments.models import Appointment, MoveOffer
from portal.common.languages.times import when_short
from portal.journeys.rearranging.deciding import Came, Decision, What, decide
from tests import make
from tests.journeys.rearranging.conftest import DAY, NOW, Practice

pytestmark = pytest.mark.django_db

PAGES = [
    (Role.RECEPTION, "reception:to_do"),
    (Role.RECEPTION, "reception:appointment"),
    (Role.RECEPTION, "reception:reschedule"),
    (Role.RECEPTION, "reception:cancel"),
    (Role.RECEPTION, "reception:move_in_calendar"),
    (Role.PSYCHOLOGIST, "psychologist:session"),
    (Role.PSYCHOLOGIST, "psychologist:cancel"),
    (Role.PSYCHOLOGIST, "psychologist:move_in_calendar"),
]


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def session(db, clock):
    practice = Practice()
    booked = practice.book(at=NOW + 3 * DAY)
    practice.leave(start=NOW + 3 * DAY - timedelta(hours=1))
    row = Appointment.objects.for_listing().get(pk=booked.pk)
    assert decide(row, Decision(What.OFFER, states.as_seen(row)), by=practice.desk, now=NOW) == Came.OFFERED
    return row


def page(session, role, name):
    client = (
        make.client_for(session.psychologist.user) if role == Role.PSYCHOLOGIST else make.signed_in_client(role=role)
    )
    answer = client.get(reverse(name, args=[] if name.endswith("to_do") else [session.code]))
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize(("role", "name"), PAGES)
def test_times_that_are_out_are_said_wherever_it_is_decided(session, role, name):
    offer = MoveOffer.objects.get()
    until = f"The patient can choose until {when_short(offer.expires_at, session.zone)}."
    assert until in page(session, role, name)
    # Once the time to choose is over, and of what was answered, nothing is said.
    MoveOffer.objects.update(offered_at=NOW - DAY, expires_at=NOW)
    assert "can choose until" not in page(session, role, name)
    MoveOffer.objects.update(expires_at=offer.expires_at, revision=session.revision + 1)
    assert "can choose until" not in page(session, role, name)
