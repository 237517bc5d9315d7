"""A practice with people who wait, at eleven in the morning of a Wednesday in Melbourne."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, CancelReason, Offer, Vacancy
from portal.common.access.actors import Actor
from portal.journeys import booking
from portal.journeys.waitlist import turns
from portal.notifications.models import Notice
from tests import make

NOW = datetime(2026, 6, 3, 1, 0, tzinfo=UTC)
# The Monday after, at nine in the morning there.
MONDAY_NINE = datetime(2026, 6, 7, 23, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WORKER = Actor.system("waitlist")


class Waiting:
    """One psychologist with a usual week; `booked` stands on Monday at nine."""

    def __init__(self, **clinic):
        self.clinic = make.clinic(**{"notice_hours": 12, "offer_minutes": 120} | clinic)
        self.location = make.location()
        self.service = make.service(minutes=50, buffer_after=10)
        self.psychologist = make.psychologist()
        make.week(psychologist=self.psychologist, location=self.location)
        self.desk = make.actor(role=Role.RECEPTION)
        self.booked = self.session()

    def session(self, starts_at=MONDAY_NINE, **fields):
        return make.appointment(
            **{
                "psychologist": self.psychologist,
                "service": self.service,
                "location": self.location,
                "starts_at": starts_at,
            }
            | fields
        )

    def waits(self, **fields):
        """Somebody on the list for the service, who joined a day before whoever was made last."""
        n = len(getattr(self, "joined", []))
        entry = make.waiting(**{"service": self.service, "joined_at": NOW - 30 * DAY + n * DAY} | fields)
        self.joined = [*getattr(self, "joined", []), entry]
        return entry

    def cancel(self, session=None, now=NOW):
        return booking.cancel_session(
            appointment=session or self.booked, reason=CancelReason.PATIENT, by=self.desk, now=now
        )

    def turn(self, now=NOW):
        """What the worker's round does with every freed time that is open."""
        made = []
        for vacancy in Vacancy.objects.still_open().order_by("starts_at", "pk"):
            made += turns.take_turn(vacancy, by=WORKER, now=now)
        return made

    def offers(self):
        """Who was offered which time, in order, and what came of it."""
        rows = Offer.objects.order_by("pk").values_list("entry", "starts_at", "outcome")
        return list(rows)

    def live(self):
        """The sessions that stand, and the times that are held."""
        return list(Appointment.objects.live().order_by("starts_at", "pk"))


@pytest.fixture(autouse=True)
def _wednesday():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def practice(db):
    return Waiting()


def mailed(template="waitlist_offer"):
    return [notice.to for notice in Notice.objects.filter(template=template).order_by("pk")]
