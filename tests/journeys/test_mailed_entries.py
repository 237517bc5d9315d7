"""The calendar entries that go with mails, kept by a calendar of somebody else's make: vobject reads them, and what is
known of each session is replaced and removed as RFC 5546 says, by UID and SEQUENCE."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
import vobject
from django.core import mail

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, CancelReason
from portal.common.access.actors import Actor
from portal.journeys import booking
from portal.notifications import tasks
from tests import make

MELBOURNE = ZoneInfo("Australia/Melbourne")
# Clocks go back on Sunday 4 April 2027.
MONDAY = datetime(2027, 3, 29, 9, 0, tzinfo=MELBOURNE)
NOW = datetime(2027, 3, 22, 9, 0, tzinfo=MELBOURNE)


@pytest.fixture(autouse=True)
def _a_week_before():
    with time_machine.travel(NOW, tick=False):
        yield


class Calendar:
    """What somebody's calendar shows after all the mails that came: when, by UID."""

    def __init__(self) -> None:
        self.shown: dict[str, datetime] = {}
        self._newest: dict[str, int] = {}

    def takes(self, message) -> None:
        [(_name, content, kind)] = message.attachments
        entry = vobject.readOne(content if isinstance(content, str) else content.decode())
        (event,) = entry.vevent_list
        method = entry.method.value
        assert kind == f"text/calendar; method={method}"
        # Without both, a program takes a change for another event.
        assert event.organizer.value.startswith("mailto:")
        assert event.attendee.value == f"mailto:{message.to[0]}"
        uid, sequence = event.uid.value, int(event.sequence.value)
        if sequence < self._newest.get(uid, 0):
            return
        self._newest[uid] = sequence
        if method == "CANCEL":
            assert event.status.value == "CANCELLED"
            del self.shown[uid]
        else:
            self.shown[uid] = event.dtstart.value

    def takes_all(self) -> None:
        tasks.send_due("email")
        for message in mail.outbox:
            self.takes(message)
        mail.outbox.clear()


@pytest.mark.parametrize("email", ["desk@banksia.example", ""])
def test_of_four_sessions_one_moves_across_the_change_of_clocks_and_one_is_cancelled(db, email):
    make.clinic(email=email)
    place = make.location()
    anna, service = make.psychologist(), make.service()
    make.week(psychologist=anna, location=place)
    patient = make.patient(user=make.user())
    desk: Actor = make.actor(role=Role.RECEPTION)
    calendar = Calendar()
    for n in range(4):
        booking.book_for_patient(
            psychologist=anna,
            patient=patient,
            service=service,
            mode="in_person",
            starts_at=MONDAY + timedelta(hours=n),
            location=place,
            by=desk,
            now=NOW,
            outside_hours=True,
        )
    calendar.takes_all()
    assert sorted(calendar.shown.values()) == [MONDAY + timedelta(hours=n) for n in range(4)]

    first, second, third, fourth = Appointment.objects.order_by("starts_at")
    after = datetime(2027, 4, 5, 9, 0, tzinfo=MELBOURNE)
    booking.reschedule_session(
        appointment=second, starts_at=after, location=place, by=desk, now=NOW, outside_hours=True
    )
    booking.cancel_session(appointment=third, reason=CancelReason.PATIENT, by=desk, now=NOW)
    calendar.takes_all()
    found = {uid.partition("@")[0]: when for uid, when in calendar.shown.items()}
    assert found == {str(first.code): first.starts_at, str(second.code): after, str(fourth.code): fourth.starts_at}
    # Nine on the wall on both sides.
    assert found[str(second.code)].astimezone(MELBOURNE).hour == 9
