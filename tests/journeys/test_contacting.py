"""Notices that wait keep to what somebody says: their hours by every way, and no way that they closed."""

from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine

from portal.common.access.actors import Actor
from portal.journeys import booking, contacting, mailing
from portal.notifications import delivery, outbox
from portal.notifications.hours import next_open
from portal.notifications.models import Notice, State
from tests import make
from tests.web.reception.test_invoices import issue

pytestmark = pytest.mark.django_db
# 2 pm on a Tuesday in Melbourne.
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SAFE = {"safe_from": time(18), "safe_until": time(20)}
EVENING, NIGHT = ["18:00", "20:00"], ["21:00", "07:00"]
DESK = Actor.system("desk")


@pytest.fixture(autouse=True)
def clock():
    make.clinic()
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def told(**ways):
    """A session whose confirmation waits for the evening."""
    patient = make.patient(email="ana@example.com", phone="+61491570156")
    make.ways(patient=patient, **{"by_email": True, "prefers": "email"} | SAFE | ways)
    session = make.appointment(patient=patient, starts_at=NOW + 72 * HOUR)
    booking.notify(session, "appointment_booked", now=NOW)
    return patient, Notice.objects.get()


@pytest.mark.parametrize(
    ("hours", "hour", "waits"),
    [(EVENING, 14, 4), (EVENING, 18, 0), (EVENING, 20, 22), (NIGHT, 23, 0), (NIGHT, 7, 14), (None, 3, 0)],
)
def test_hours_open_by_the_readers_clock(hours, hour, waits):
    now = datetime(2026, 11, 24, 3, 0, tzinfo=UTC) + (hour - 14) * HOUR
    assert next_open(hours and [*hours, "Australia/Melbourne"], now) == now + waits * HOUR


def test_a_fallback_after_a_late_bounce_and_a_late_retry_wait_for_safe_hours():
    _patient, first = told(by_sms=True)
    assert first.next_attempt_at == NOW + 4 * HOUR
    late = NOW + 8 * HOUR
    with time_machine.travel(late, tick=False):
        second = outbox.go_another_way(first, now=late)
    assert (second.channel, second.next_attempt_at) == ("sms", NOW + 28 * HOUR)
    Notice.objects.filter(pk=second.pk).update(next_attempt_at=late)
    assert delivery.deliver(second.pk, clock=lambda: late) == delivery.NOT_DUE
    second.refresh_from_db()
    assert (second.state, second.next_attempt_at, second.attempts) == (State.PENDING, NOW + 28 * HOUR, 0)


def test_a_bill_that_a_task_sends_waits_and_one_that_somebody_sends_goes_now():
    patient, _notice = told()
    invoice = issue(patient=patient)
    mailing.send_invoice(invoice=invoice, key="a", by=DESK, now=NOW)
    mailing.send_invoice(invoice=invoice, key="b", by=make.actor(), now=NOW)
    times = Notice.objects.filter(template="invoice").order_by("pk").values_list("next_attempt_at", flat=True)
    assert list(times) == [NOW + 4 * HOUR, NOW]


def test_who_wants_nothing_written_gets_nothing_that_waits():
    patient, notice = told(by_sms=True)
    other = Notice.objects.exclude(pk=notice.pk)
    contacting.change(patient=patient, values={"nobody_writes": True}, by=make.actor(), now=NOW)
    notice.refresh_from_db()
    assert (notice.state, notice.withdrawn_why, other.count()) == (State.WITHDRAWN, contacting.CLOSED, 0)


def test_what_waits_takes_the_next_way_where_its_own_was_closed():
    patient, notice = told(by_sms=True, prefers="sms")
    contacting.say_by_text(patient=patient, channel="sms", agrees=False, by=DESK, now=NOW)
    notice.refresh_from_db()
    if notice.channel == "sms":
        assert notice.state == State.WITHDRAWN
    instead = Notice.objects.get(state=State.PENDING)
    assert (instead.channel, instead.to, instead.next_attempt_at) == ("email", "ana@example.com", NOW + 4 * HOUR)
    assert not instead.otherwise


def test_a_carer_who_pays_is_reached_as_they_wish():
    patient, carer = make.patient(email=""), make.user(email="sam@example.com", first_name="Sam")
    make.carer(patient=patient, user=carer)
    invoice = issue(patient=patient)
    own = make.patient(user=carer)
    make.ways(patient=own, by_email=True, prefers="email", **SAFE)
    invoice.billed_user = carer
    reader = mailing.reader_of(invoice)
    assert (reader.address, reader.about) == ("sam@example.com", patient.called)
    assert reader.safe_hours is not None
    own.ways.nobody_writes = True
    own.ways.by_email = False
    own.ways.save()
    assert mailing.reader_of(invoice) is None
