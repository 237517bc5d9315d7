"""The demo's waitlist is in use: people wait, one is asked, and a late cancellation's time is filled again."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from portal.accounts.models import User
from portal.appointments import waitlist
from portal.appointments.models import Appointment, Offer, WaitlistEntry
from portal.journeys.waitlist import tasks
from portal.notifications.models import Notice
from portal.ops.demo import clinic, history, policies, sign_ins, waiting
from tests import make

pytestmark = pytest.mark.django_db

# A Sunday at 23:50 and a Tuesday at 9:00, in Melbourne.
MOMENTS = [datetime(2026, 11, 29, 12, 50, tzinfo=UTC), datetime(2026, 11, 23, 22, 0, tzinfo=UTC)]


@pytest.mark.parametrize("now", MOMENTS)
def test_people_wait_one_is_asked_and_a_time_is_refilled(now):
    make.mbs_items()
    with time_machine.travel(now, tick=False):
        clinic.found(is_demo=True)
        sign_ins.welcome_patients()
        accounts = {person: User.objects.get(email=person.email) for person in sign_ins.SIGN_INS}
        policies.publish(now=now)
        history.tell(accounts=accounts, now=now, say=lambda line: None)
        waiting.tell(accounts=accounts, now=now)
        asked = Offer.objects.still_open().get()
        assert asked.entry.patient.user == accounts[sign_ins.JORDAN]
        assert [notice.to for notice in Notice.objects.about(asked)] == [sign_ins.JORDAN.email]
        # Those whom the desk added, whoever is asked, and somebody who never booked.
        assert WaitlistEntry.objects.waiting().count() == len(waiting.OTHERS) + 2
        new = WaitlistEntry.objects.waiting().get(patient__user__email=waiting.NEW.email)
        assert new.service.first_visit_only
        assert not new.patient.appointments.exists()
        taken = Offer.objects.get(outcome=Offer.Outcome.ACCEPTED)
        cancelled = taken.vacancy.session
        assert cancelled is not None
        assert waitlist.refilled([cancelled]) == {cancelled.pk: taken.booked}
        # Nobody was booked twice, and what was offered stays open until its time to answer is over.
        tasks.go_round()
        assert Offer.objects.still_open().get() == asked
    with time_machine.travel(now + timedelta(hours=3), tick=False):
        tasks.go_round()
        asked.refresh_from_db()
        assert asked.outcome == Offer.Outcome.EXPIRED
        assert not Appointment.objects.filter(code=asked.hold_code).exists()
