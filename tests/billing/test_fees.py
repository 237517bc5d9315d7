"""The fee for a session that was cancelled late or missed: what it is, and that a person decides about it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from portal.appointments.models import Status
from portal.audit.models import Entry
from portal.billing import actions, charges
from portal.billing.models import Invoice, Purpose, Waiver
from portal.billing.refusals import AlreadyInvoiced, NotBillable, ReasonMissing, Waived
from portal.clinic.models import TaxCode
from portal.policies.models import PolicySettings
from tests import make

D = Decimal


@pytest.fixture
def late(books):
    """Cancelled when it was no longer free, under a rule of half the price."""
    return make.appointment(
        starts_at=books.now - timedelta(hours=3),
        status=Status.CANCELLED,
        late=True,
        fee="220.00",
        late_fee_percent=50,
        service=make.service(name="Individual session"),
    )


@pytest.fixture
def missed(books):
    return make.appointment(
        starts_at=books.now - timedelta(hours=3), status=Status.NO_SHOW, fee="220.00", no_show_percent=100
    )


def bill_fee(books, appointment):
    return actions.bill_fee(appointment=appointment, by=books.by, now=books.now)


def waive(books, appointment, reason="Was in hospital"):
    return actions.waive_fee(appointment=appointment, reason=reason, by=books.by, now=books.now)


def test_a_late_cancellation_is_billed_as_it_was_promised(books, late):
    make.clinic(late_fee_percent=100)
    invoice = bill_fee(books, late)
    line = invoice.lines.get()
    assert (invoice.purpose, invoice.status, invoice.total) == (Purpose.LATE_FEE, "issued", D("110.00"))
    assert line.description == "Late cancellation: Individual session, 24 Nov 2026"
    assert (line.item_number, line.service_date, invoice.rebate, invoice.appointment) == ("", None, 0, late)
    assert invoice.snapshot["statements"][-1].startswith("Medicare pays nothing")


def test_medicare_is_not_claimed_on_even_with_a_referral(books, late, missed):
    for appointment in (late, missed):
        make.referral(patient=appointment.patient)
        invoice = bill_fee(books, appointment)
        assert (invoice.rebate, invoice.snapshot["referral"]) == (0, None)


@pytest.mark.parametrize(
    ("agreed", "settings", "late_agreed", "percent"),
    [
        (100, 30, 50, 100),
        (0, 100, 50, None),
        (None, 80, 50, 80),
        (None, None, 50, 50),
        (None, None, None, 40),
        (None, 0, 50, None),
    ],
    ids=["promised", "promised to be free", "as the settings say", "as cancelling late", "as the clinic", "free"],
)
def test_not_coming_costs_what_was_promised(books, agreed, settings, late_agreed, percent):
    clinic = make.clinic(late_fee_percent=40)
    PolicySettings.objects.update_or_create(pk=1, defaults={"no_show_percent": settings})
    missed = make.appointment(status=Status.NO_SHOW, fee="200.00", no_show_percent=agreed, late_fee_percent=late_agreed)
    fee = charges.fee_due(missed, clinic=clinic, policy=PolicySettings.current())
    assert (fee and fee.percent) == percent
    if fee:
        assert (fee.purpose, fee.amounts.total) == (Purpose.NO_SHOW, D(2 * percent))


def test_gst_is_in_the_fee_where_the_service_has_it(books):
    make.clinic(gst_registered=True)
    missed = make.appointment(
        starts_at=books.now - timedelta(hours=1),
        status=Status.NO_SHOW,
        fee="300.00",
        no_show_percent=50,
        service=make.service(tax_code=TaxCode.TAXABLE),
    )
    invoice = bill_fee(books, missed)
    assert (invoice.total, invoice.gst, invoice.snapshot["title"]) == (D("165.00"), D("15.00"), "Tax invoice")


@pytest.mark.parametrize("status", [s for s in Status if s != Status.NO_SHOW])
def test_there_is_no_fee_for_any_other_session(books, status):
    appointment = make.appointment(status=status, late_fee_percent=50, no_show_percent=50)
    for ask in (bill_fee, waive):
        with pytest.raises(NotBillable):
            ask(books, appointment)


def test_nothing_is_asked_or_waived_where_the_rule_was_free(books):
    appointment = make.appointment(status=Status.CANCELLED, late=True, late_fee_percent=0)
    for ask in (bill_fee, waive):
        with pytest.raises(NotBillable):
            ask(books, appointment)


def test_a_fee_is_billed_once(books, late):
    first = bill_fee(books, late)
    with pytest.raises(AlreadyInvoiced) as refused:
        bill_fee(books, late)
    assert refused.value.invoice == first
    books.void(first)
    assert bill_fee(books, late) != first


def test_what_was_paid_ahead_settles_the_fee(books):
    booked = make.appointment(starts_at=books.now + timedelta(hours=1), fee="220.00", no_show_percent=100)
    deposit = books.take_ahead(booked, "100.00")
    booked.status = Status.NO_SHOW
    booked.save()
    books.now += timedelta(hours=2)
    invoice = bill_fee(books, booked)
    deposit.refresh_from_db()
    assert (invoice.paid, invoice.balance, deposit.paid, deposit.balance) == (D(100), D(120), 0, 0)


def test_a_missed_session_is_not_billed_before_it_starts(books):
    early = make.appointment(starts_at=books.now + timedelta(minutes=1), status=Status.NO_SHOW, no_show_percent=100)
    with pytest.raises(NotBillable):
        bill_fee(books, early)


def test_waived_with_a_reason_and_a_line_in_the_trail(books, late):
    waiver = waive(books, late, " Was in hospital ")
    assert (waiver.purpose, waiver.reason, waiver.waived_at, waiver.waived_by) == (
        Purpose.LATE_FEE,
        "Was in hospital",
        books.now,
        books.by.user,
    )
    entry = Entry.objects.get()
    assert (entry.verb, entry.target_code, entry.facts["purpose"]) == ("fee.waived", str(late.code), "late_fee")
    assert "hospital" not in str(entry.facts)
    assert waive(books, late, "Another") == waiver
    assert Waiver.objects.get().reason == "Was in hospital"


def test_waiving_says_why(books, late):
    with pytest.raises(ReasonMissing):
        waive(books, late, "  ")


def test_what_is_billed_is_not_waived_besides(books, late):
    invoice = bill_fee(books, late)
    with pytest.raises(AlreadyInvoiced):
        waive(books, late)
    books.void(invoice)
    assert waive(books, late)
    assert not Invoice.objects.live().exists()


def test_what_was_waived_by_mistake_can_be_billed(books, late):
    waive(books, late)
    with pytest.raises(Waived):
        bill_fee(books, late)
    assert not Invoice.objects.exists()
    invoice = actions.bill_fee(appointment=late, by=books.by, now=books.now, after_all=True)
    assert invoice.total == D("110.00")
    with pytest.raises(AlreadyInvoiced):
        actions.bill_fee(appointment=late, by=books.by, now=books.now, after_all=True)
