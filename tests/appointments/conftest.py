from datetime import UTC, datetime, timedelta

import pytest

from portal.accounts.roles import Role
from portal.common.access.actors import Actor
from tests import make

# A Wednesday in winter, when it is ten at night in Melbourne.
NOW = datetime(2026, 6, 3, 12, 0, tzinfo=UTC)
# The Monday after, at nine in the morning in Melbourne.
MONDAY_NINE = datetime(2026, 6, 7, 23, 0, tzinfo=UTC)


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def nine():
    return MONDAY_NINE


class Practice:
    """One psychologist with a usual week at one location in Melbourne, one service, one patient."""

    def __init__(self, **clinic):
        self.clinic = make.clinic(**{"notice_hours": 12, "horizon_days": 84, "slot_step_minutes": 30} | clinic)
        self.location = make.location()
        self.service = make.service(minutes=50, buffer_after=10)
        self.psychologist = make.psychologist()
        make.week(psychologist=self.psychologist, location=self.location)
        self.patient = make.patient(user=make.user())
        self.online = Actor(user=self.patient.user, role=Role.PATIENT)
        self.desk = make.actor(role=Role.RECEPTION)

    def another(self, **fields):
        """A colleague with the same week at the same place."""
        colleague = make.psychologist(**fields)
        make.week(psychologist=colleague, location=self.location)
        return colleague

    def ask(self, **fields):
        """What an action that fills time is given; `fields` say what is different."""
        return {
            "psychologist": self.psychologist,
            "service": self.service,
            "mode": "in_person",
            "starts_at": MONDAY_NINE,
            "location": self.location,
            "by": self.online,
            "now": NOW,
        } | fields


@pytest.fixture
def practice(db):
    return Practice()


def later(start, **span):
    return start + timedelta(**span)
