"""A psychologist on a Tuesday morning, with a patient and a session that has just begun."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from portal.accounts.roles import Role
from portal.appointments.models import Status
from portal.common.access.actors import Actor
from portal.records import actions
from tests import make

# 10:30 on Tuesday 24 November 2026 in Melbourne.
NOW = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
BEGAN = NOW - timedelta(minutes=30)


@pytest.fixture(autouse=True)
def _tuesday_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def place(db):
    make.clinic()
    return make.location(name="Brunswick")


@pytest.fixture
def mai(place):
    user = make.user(role=Role.PSYCHOLOGIST, first_name="Mai", last_name="Nguyễn")
    mai = make.psychologist(user=user)
    make.week(psychologist=mai, location=place)
    return mai


@pytest.fixture
def acting(mai):
    return Actor(user=mai.user, role=Role.PSYCHOLOGIST)


@pytest.fixture
def ruth(db):
    return make.patient(legal_first_name="Ruth", legal_last_name="Okafor", phone="+61491570156")


@pytest.fixture
def service(db):
    return make.service(name="Standard session", slug="standard-session")


@pytest.fixture
def session(mai, ruth, place, service):
    return make.appointment(
        psychologist=mai, patient=ruth, location=place, service=service, starts_at=BEGAN, status=Status.ARRIVED
    )


@pytest.fixture
def client(mai):
    return make.client_for(mai.user)


@pytest.fixture
def draft(session, acting):
    return actions.save_draft(appointment=session, body="Slept badly.", version=0, by=acting, now=NOW)


@pytest.fixture
def signed(draft, acting):
    return actions.sign(appointment=draft.appointment, version=draft.version, by=acting, now=NOW)


@pytest.fixture
def colleague(place):
    return make.psychologist()


def sessions(count, *, psychologist, place, service, first, patient=None, status=Status.BOOKED):
    """As many sessions, an hour apart from `first`, each with a patient of its own."""
    return [
        make.appointment(
            psychologist=psychologist,
            patient=patient or make.patient(),
            location=place,
            service=service,
            starts_at=first + timedelta(hours=n),
            status=status,
        )
        for n in range(count)
    ]
