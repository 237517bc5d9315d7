"""A fee for cancelling late or not coming is asked for or waived by a person, and stands on the list till then."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from portal.accounts.roles import Role
from portal.appointments.models import CancelReason
from portal.journeys import booking, paying, voiding
from portal.journeys.sessions import mark_no_show, undo_no_show
from portal.journeys.to_do import tasks
from portal.worklist.models import ToDo
from tests import make

pytestmark = pytest.mark.django_db

# A Tuesday, 9:00 in Melbourne.
NOW = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _clinic():
    make.mbs_items()
    make.clinic(late_fee_percent=50)
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk():
    return make.actor(role=Role.RECEPTION)


def missed(desk, percent=50):
    session = make.appointment(starts_at=NOW - timedelta(minutes=30), fee="220.00", no_show_percent=percent)
    mark_no_show(appointment=session, by=desk, now=NOW)
    session.refresh_from_db()
    return session


def cancelled_late(by, reason=CancelReason.PATIENT):
    session = make.appointment(starts_at=NOW + timedelta(hours=3), fee="220.00", booked_at=NOW - timedelta(days=3))
    booking.cancel_session(appointment=session, reason=reason, by=by, now=NOW)
    session.refresh_from_db()
    return session


def listed():
    return list(ToDo.objects.still_open().values_list("kind", flat=True))


def outcomes():
    return list(ToDo.objects.exclude(done_at=None).order_by("pk").values_list("kind", "outcome"))


@pytest.mark.parametrize("happen", [missed, cancelled_late])
def test_a_fee_stands_on_the_list_until_it_is_asked_for(desk, happen):
    session = happen(desk)
    assert listed() == ["fee_undecided"]
    tasks.look_at_sessions()
    assert listed() == ["fee_undecided"]
    paying.bill_fee(appointment=session, by=desk, now=NOW)
    assert (listed(), outcomes()) == ([], [("fee_undecided", "settled")])


@pytest.mark.parametrize("happen", [missed, cancelled_late])
def test_or_until_it_is_waived(desk, happen):
    paying.waive_fee(appointment=happen(desk), reason="Ambulance", by=desk, now=NOW)
    assert (listed(), outcomes()) == ([], [("fee_undecided", "settled")])


def test_who_comes_after_all_owes_no_fee_and_is_asked_about_again_when_they_dont(desk):
    session = missed(desk)
    undo_no_show(appointment=session, reason="came", by=desk, now=NOW)
    assert (listed(), outcomes()) == ([], [("fee_undecided", "reopened")])
    session.refresh_from_db()
    mark_no_show(appointment=session, by=desk, now=NOW)
    assert listed() == ["fee_undecided"]


def test_a_fee_whose_invoice_is_voided_is_to_be_decided_again(desk):
    invoice = paying.bill_fee(appointment=missed(desk), by=desk, now=NOW)
    voiding.void_invoice(invoice=invoice, reason="Wrong person", by=desk, now=NOW)
    assert listed() == ["fee_undecided"]


def test_where_nothing_is_to_pay_nobody_is_asked(desk):
    missed(desk, percent=0)
    cancelled_late(desk, reason=CancelReason.CLINIC)
    assert listed() == []
