"""Money that was paid ahead of a session and is used by nothing more is the desk's to give back."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from portal.accounts.roles import Role
from portal.appointments.models import CancelReason, Status
from portal.billing import actions
from portal.billing.models import CreditNote, Invoice, Payment, Purpose
from portal.journeys import booking, checking_out, paying, voiding
from portal.journeys.checking_out import Held
from portal.journeys.sessions import mark_no_show, undo_no_show
from portal.journeys.to_do import tasks
from portal.worklist.models import ToDo
from tests import make

pytestmark = pytest.mark.django_db

# A Tuesday, 9:00 in Melbourne.
NOW = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
D = Decimal


@pytest.fixture(autouse=True)
def _clinic():
    make.mbs_items()
    make.clinic(late_fee_percent=50)
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk():
    return make.actor(role=Role.RECEPTION)


@pytest.fixture
def session(desk):
    """One that began ten minutes ago and was paid ahead."""
    return paid_ahead(desk, make.appointment(starts_at=NOW - timedelta(minutes=10), fee="220.00", no_show_percent=50))


def paid_ahead(desk, session, amount="220.00"):
    actions.take_ahead(appointment=session, amount=D(amount), method="card", key=str(session.code), by=desk, now=NOW)
    return session


def cancel(session, by, reason=CancelReason.CLINIC):
    return booking.cancel_session(appointment=session, reason=reason, by=by, now=NOW)


def check_out(session, by, fee):
    held = Held(minutes=50, mode="in_person", fee=D(fee))
    return checking_out.check_out(appointment=session, held=held, key="out", by=by, now=NOW)


def give_back(desk, amount, invoice=None):
    invoice = invoice or Invoice.objects.live().for_purpose(Purpose.DEPOSIT).get()
    payment = Payment.objects.filter(reverses=None).get()
    key = f"b{amount}"
    paying.give_back(
        payment=payment, invoice=invoice, amount=D(amount), reason="Paid too much", key=key, by=desk, now=NOW
    )


def listed():
    # What a missed session costs is decided beside it.
    return list(ToDo.objects.still_open().exclude(kind="fee_undecided").values_list("kind", flat=True))


def outcomes():
    return list(ToDo.objects.exclude(done_at=None).of_kind("ahead_held").values_list("kind", "outcome"))


@pytest.mark.parametrize("how", ["cancelled", "missed", "held for less"])
def test_money_that_is_held_for_nothing_comes_on_the_list(desk, session, how):
    assert listed() == []
    match how:
        case "cancelled":
            cancel(session, desk)
        case "missed":
            mark_no_show(appointment=session, by=desk, now=NOW)
        case "held for less":
            check_out(session, desk, "200.00")
    assert listed() == ["ahead_held"]
    to_do = ToDo.objects.get(kind="ahead_held")
    assert (to_do.role, to_do.about_code) == ("reception", str(session.code))
    # By noon here; two days later the manager hears of it.
    assert (to_do.due_at, to_do.escalates_at) == (NOW + timedelta(hours=3), NOW + timedelta(hours=51))
    tasks.look_at_sessions()
    assert ToDo.objects.of_kind("ahead_held").count() == 1
    if how == "held for less":
        give_back(desk, "20.00")
    else:
        give_back(desk, "120.00")
        assert listed() == ["ahead_held"], "some of it is still held"
        give_back(desk, "100.00")
    assert (listed(), outcomes()) == ([], [("ahead_held", "settled")])
    assert not Invoice.objects.owing().exists()


def test_a_patient_who_cancels_is_not_forgotten(desk):
    session = paid_ahead(desk, make.appointment(starts_at=NOW + timedelta(days=9)))
    cancel(session, make.actor(role=Role.PATIENT), CancelReason.PATIENT)
    assert listed() == ["ahead_held"]


@pytest.mark.parametrize("ahead", ["110.00", "100.00"])
def test_a_fee_that_uses_all_of_it_closes_it(desk, ahead):
    session = make.appointment(starts_at=NOW - timedelta(minutes=10), fee="220.00", no_show_percent=50)
    mark_no_show(appointment=paid_ahead(desk, session, ahead), by=desk, now=NOW)
    invoice = paying.bill_fee(appointment=session, by=desk, now=NOW)
    assert (invoice.paid, listed(), outcomes()) == (D(ahead), [], [("ahead_held", "settled")])


def test_a_fee_that_uses_some_of_it_does_not(desk, session):
    mark_no_show(appointment=session, by=desk, now=NOW)
    invoice = paying.bill_fee(appointment=session, by=desk, now=NOW)
    assert (invoice.paid, listed()) == (D(110), ["ahead_held"])


def test_a_session_that_takes_place_after_all_uses_it(desk, session):
    mark_no_show(appointment=session, by=desk, now=NOW)
    undo_no_show(appointment=session, reason="came", by=desk, now=NOW)
    assert (listed(), outcomes()) == ([], [("ahead_held", "reopened")])
    mark_no_show(appointment=session, by=desk, now=NOW)
    assert listed() == ["ahead_held"]


def test_what_is_to_be_billed_anew_is_going_to_use_it(desk, session):
    invoice = check_out(session, desk, "200.00")
    give_back(desk, "200.00", invoice)
    voiding.void_invoice(invoice=invoice, reason="Wrong fee", by=desk, now=NOW)
    assert listed() == ["session_not_billed"]
    tasks.look_at_sessions()
    assert listed() == ["session_not_billed"]


@pytest.mark.parametrize("status", [Status.BOOKED, Status.ARRIVED, Status.COMPLETED])
def test_money_that_is_to_be_used_is_nobodys_work(desk, session, status):
    session.status = status
    session.arrived_at = NOW if status == Status.ARRIVED else None
    session.completed_at = NOW if status == Status.COMPLETED else None
    session.save()
    tasks.look_at_sessions()
    assert "ahead_held" not in listed()


def test_the_round_finds_what_was_called_off_past_the_journeys(desk, session):
    session.status, session.cancelled_at = Status.CANCELLED, NOW
    session.save()
    assert tasks.look_at_sessions() == {"plans": 0, "settled": 0, "closed": 0, "raised": 1}
    assert listed() == ["ahead_held"]
    assert tasks.look_at_sessions() == {"plans": 0, "settled": 0, "closed": 0, "raised": 0}


@pytest.fixture
def asked_ahead(desk):
    """As it was kept once: what was given back before the session is still asked for ahead of it."""
    session = make.appointment(starts_at=NOW - timedelta(minutes=10), fee="220.00")
    charges = [actions.ahead.charges.paid_ahead(session, D(50))]
    deposit = actions.bill(appointment=session, purpose=Purpose.DEPOSIT, charges=charges, by=desk, now=NOW)
    return session, deposit


@pytest.mark.parametrize("how", ["cancelled", "missed", "by the round"])
def test_nothing_is_asked_ahead_of_what_does_not_take_place(desk, asked_ahead, how):
    session, deposit = asked_ahead
    assert deposit.balance == D(50)
    match how:
        case "cancelled":
            cancel(session, desk)
        case "missed":
            mark_no_show(appointment=session, by=desk, now=NOW)
        case "by the round":
            session.status, session.cancelled_at = Status.CANCELLED, NOW
            session.save()
            tasks.look_at_sessions()
            tasks.look_at_sessions()
    deposit.refresh_from_db()
    assert (deposit.balance, CreditNote.objects.get().created_by, listed()) == (0, None, [])


def test_what_is_asked_ahead_of_what_takes_place_stays(asked_ahead):
    tasks.look_at_sessions()
    assert not CreditNote.objects.exists()
