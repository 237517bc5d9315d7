from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from portal.accounts.roles import Role
from tests import make

# Tuesday, 11 am in Melbourne.
NOW = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)


@pytest.fixture
def now():
    with time_machine.travel(NOW, tick=False):
        yield NOW


@pytest.fixture
def clinic(db):
    return make.clinic(phone="+61390101234", gst_registered=True, abn="51824753556")


@pytest.fixture
def desk(clinic, now):
    """A browser at the front desk."""
    return make.signed_in_client(role=Role.RECEPTION)


class Place:
    """A location, a service and a psychologist who works there all week."""

    def __init__(self):
        self.location = make.location(name="Brunswick")
        self.service = make.service(name="Standard session", minutes=50, fee="220.00", phone=True)
        self.psychologist = make.psychologist(user=make.user(first_name="Mai", last_name="Nguyễn", role="psychologist"))
        make.week(psychologist=self.psychologist, location=self.location)

    def session(self, *, hours=0, minutes=0, **fields):
        """A session `hours` and `minutes` from now, here."""
        defaults = {
            "psychologist": self.psychologist,
            "service": self.service,
            "location": self.location,
            "starts_at": NOW + timedelta(hours=hours, minutes=minutes),
        }
        return make.appointment(**defaults | fields)


@pytest.fixture
def place(clinic, now):
    return Place()


def go_on(desk, answer, **more):
    """Presses the button of the question that a time to move to leads to; the question is what is answered to that."""
    address = answer.headers.get("HX-Redirect") or answer["Location"]
    question = desk.get(address)
    target, session = question.context["target"], question.context["session"]
    sends = {"to": target.value, "mode": target.mode.value, "seen": session.seen_as}
    return desk.post(address.partition("?")[0], sends | {"came_from": question.context["came_from"]} | more)
