"""Sessions and notes for the tests of records."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.accounts.roles import Role
from portal.appointments.models import Status
from portal.common.access.actors import Actor
from portal.records import actions
from tests import make

BEGAN = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
NOW = BEGAN + timedelta(hours=1)


@pytest.fixture
def session(db):
    """A session that has just been held."""
    return make.appointment(starts_at=BEGAN, status=Status.COMPLETED)


@pytest.fixture
def psychologist(session):
    """Who holds the session, acting."""
    return Actor(user=session.psychologist.user, role=Role.PSYCHOLOGIST)


@pytest.fixture
def draft(session, psychologist):
    return actions.save_draft(appointment=session, body="Slept badly.", version=0, by=psychologist, now=NOW)


@pytest.fixture
def signed(draft, psychologist):
    return actions.sign(appointment=draft.appointment, version=draft.version, by=psychologist, now=NOW)


@pytest.fixture
def addendum(signed, psychologist):
    return actions.add_addendum(note=signed, body="Sleep log attached.", by=psychologist, now=NOW + timedelta(days=1))
