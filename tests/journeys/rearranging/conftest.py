from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from portal.accounts.roles import Role
from portal.appointments.models import TimeSlot
from portal.common.access.actors import Actor
from portal.journeys import time_away
from tests import make

# A Tuesday, 9:00 in Melbourne.
NOW = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
JOB = Actor.system("tests")


class Practice:
    """Two psychologists who give one service at one place, Monday to Friday, nine to five; the first takes leave."""

    def __init__(self):
        make.clinic(slot_step_minutes=60, notice_hours=24, cancel_hours=24)
        self.place = make.location(name="Brunswick")
        self.service = make.service(minutes=50, buffer_before=0, buffer_after=0)
        self.mai = make.psychologist(services=(self.service,))
        self.ola = make.psychologist(services=(self.service,))
        for person in (self.mai, self.ola):
            make.week(psychologist=person, location=self.place)
        self.desk = make.actor(role=Role.RECEPTION)

    def book(self, *, at=NOW + DAY, **fields):
        said = {"psychologist": self.mai, "service": self.service, "location": self.place, "starts_at": at}
        return make.appointment(**said | fields)

    def leave(self, *, start=NOW + DAY - HOUR, days=1, whose=None):
        return time_away.add_time_slot(
            psychologist=whose or self.mai,
            kind=TimeSlot.Kind.BLOCKED,
            starts_at=start,
            ends_at=start + days * DAY,
            by=JOB,
            now=NOW,
        )


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def practice(db):
    return Practice()
