"""Money that came before the session."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from portal.appointments.models import Status
from portal.audit.models import Entry
from portal.billing import actions
from portal.billing.models import Allocation, Invoice, Payment, Purpose
from portal.billing.refusals import (
    AlreadyInvoiced,
    KeyReused,
    NotBillable,
    NotMovable,
    NotPayable,
    Overpayment,
    WrongAmount,
)
from portal.journeys import checking_out
from portal.journeys.checking_out import Taken
from portal.journeys.sessions import reopen
from tests import make

D = Decimal


@pytest.fixture
def coming(books):
    appointment = make.appointment(starts_at=books.now + timedelta(hours=1), status=Status.ARRIVED, fee="220.00")
    make.referral(patient=appointment.patient)
    return appointment


def check_out(books, appointment, *, payment=None):
    books.now = appointment.ends_at
    return checking_out.check_out(
        appointment=appointment,
        held=checking_out.as_booked(appointment),
        key="out",
        payment=payment,
        by=books.by,
        now=books.now,
    )


def test_money_ahead_is_no_check_out_and_no_claim(books, coming):
    deposit = books.take_ahead(coming, "220.00")
    coming.refresh_from_db()
    assert (coming.status, coming.completed_at) == (Status.ARRIVED, None)
    assert (deposit.purpose, deposit.status, deposit.paid) == (Purpose.DEPOSIT, "issued", D(220))
    line = deposit.lines.get()
    assert (line.item_number, line.benefit, line.service_date, deposit.rebate) == ("", 0, None, 0)
    assert deposit.snapshot["referral"] is None


def test_what_is_paid_ahead_is_no_tax_invoice(books, coming):
    make.clinic(gst_registered=True)
    deposit = books.take_ahead(coming, "220.00")
    assert (deposit.snapshot["title"], deposit.gst, deposit.snapshot["clinic"]["gst_registered"]) == (
        "Invoice",
        0,
        False,
    )


@pytest.mark.parametrize(
    ("ahead", "now_taken", "left_ahead"),
    [("220.00", None, "0.00"), ("100.00", "120.00", "0.00"), ("300.00", None, "80.00")],
)
def test_it_counts_towards_the_session(books, coming, ahead, now_taken, left_ahead):
    deposit = books.take_ahead(coming, ahead)
    taken = Taken(amount=D(now_taken), method="card") if now_taken else None
    invoice = check_out(books, coming, payment=taken)
    deposit.refresh_from_db()
    assert (invoice.purpose, invoice.lines.get().item_number) == (Purpose.SESSION, "80010")
    assert (invoice.total, invoice.paid, invoice.balance) == (D(220), D(220), 0)
    assert (deposit.paid, deposit.balance) == (D(left_ahead), 0)
    rows = [(a.invoice_id, a.amount) for a in Allocation.objects.all()]
    moved = min(D(ahead), D(220))
    assert rows[:3] == [(deposit.pk, D(ahead)), (deposit.pk, -moved), (invoice.pk, moved)]
    assert Entry.objects.filter(verb="payment.moved").count() == 1


def test_more_than_is_left_after_what_was_paid_ahead_is_not_taken(books, coming):
    books.take_ahead(coming, "100.00")
    with pytest.raises(Overpayment):
        check_out(books, coming, payment=Taken(amount=D("120.01"), method="card"))
    assert Invoice.objects.for_purpose(Purpose.SESSION).count() == 0


def test_the_preview_knows_what_was_paid_ahead(books, coming):
    books.take_ahead(coming, "300.00")
    claim, clinic = checking_out.claim_for(coming, now=books.now), make.clinic()
    shown = checking_out.preview(coming, checking_out.as_booked(coming), claim=claim, clinic=clinic)
    assert (shown.ahead, shown.to_pay) == (D(300), 0)


def test_asked_again_with_one_key_it_is_taken_once(books, coming):
    assert books.take_ahead(coming, "50.00", key="k") == books.take_ahead(coming, "50.00", key="k")
    with pytest.raises(AlreadyInvoiced):
        books.take_ahead(coming, "50.00", key="other")
    assert Payment.objects.count() == 1


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.CANCELLED, Status.NO_SHOW])
def test_nothing_is_taken_ahead_of_what_is_over(books, status):
    with pytest.raises(NotBillable):
        books.take_ahead(make.appointment(status=status), "50.00")
    assert not Payment.objects.exists()


def test_no_more_is_taken_than_the_session_costs(books, coming):
    """A zero too many, most of the time."""
    ask = {"appointment": coming, "method": "card", "by": books.by, "now": books.now}
    with pytest.raises(Overpayment) as refused:
        actions.take_ahead(amount=D("220.01"), key="a", **ask)
    assert refused.value.balance == D(220)
    assert not Invoice.objects.exists()
    assert actions.take_ahead(amount=D("220.00"), key="b", **ask).paid == D(220)


@pytest.mark.parametrize("amount", ["0.001", "0.00", "-5.00"])
def test_it_is_an_amount(books, coming, amount):
    with pytest.raises(WrongAmount):
        books.take_ahead(coming, amount)
    assert not Payment.objects.exists()


def test_a_deposit_that_was_asked_for_and_not_paid_is_asked_for_no_more(books, coming):
    deposit = books.draft("50.00", patient=coming.patient, appointment=coming, purpose=Purpose.DEPOSIT)
    deposit = actions.issue_invoice(invoice=deposit, by=books.by, now=books.now)
    invoice = check_out(books, coming)
    deposit.refresh_from_db()
    assert (invoice.balance, deposit.balance, deposit.credited) == (D(220), 0, D(50))
    assert deposit.credit_notes.get().reason == f"Counted towards {invoice.number}"


@pytest.mark.parametrize("fee", ["220.00", "80.00", "30.00"])
def test_what_is_left_ahead_counts_when_the_session_is_billed_anew(books, coming, fee):
    """Of 300 dollars 220 were used, and given back from there; 80 are left for the invoice that comes instead."""
    deposit = books.take_ahead(coming, "300.00")
    first = check_out(books, coming)
    books.refund(Payment.objects.get(), first, "220.00")
    books.void(first)
    again = books.invoice_of_session(coming, fee=D(fee))
    actions.use_ahead(invoice=again, by=books.by, now=books.now)
    again.refresh_from_db()
    deposit.refresh_from_db()
    used = min(D(80), D(fee))
    assert (again.paid, deposit.paid, deposit.balance) == (used, D(80) - used, 0)
    assert sorted(note.amount for note in deposit.credit_notes.all()) == sorted([D(220), used])


def test_as_much_used_twice_is_asked_for_no_more_twice(books, coming):
    """First by the fee for a missed session, then by the session that was held after all."""
    deposit = books.take_ahead(coming, "220.00")
    first = books.issued("110.00", patient=coming.patient, appointment=coming, purpose=Purpose.NO_SHOW)
    actions.use_ahead(invoice=first, by=books.by, now=books.now)
    first.refresh_from_db()
    books.refund(Payment.objects.get(), first, "110.00")
    books.void(first)
    invoice = check_out(books, coming)
    deposit.refresh_from_db()
    assert (invoice.paid, invoice.balance) == (D(110), D(110))
    assert (deposit.paid, deposit.balance, deposit.credited) == (0, 0, D(220))


def test_it_can_be_given_back_where_it_is(books, coming):
    deposit = books.take_ahead(coming, "50.00")
    books.refund(Payment.objects.get(), deposit, "50.00")
    books.void(deposit)
    assert actions.held_ahead(coming) == 0
    books.take_ahead(coming, "60.00")
    assert actions.held_ahead(coming) == D(60)


@pytest.mark.parametrize("amounts", [["50.00"], ["20.00", "30.00"]], ids=["at once", "in parts"])
def test_given_back_after_the_session_was_called_off_it_is_no_debt(books, coming, amounts):
    deposit = books.take_ahead(coming, "50.00")
    payment = Payment.objects.get()
    coming.status, coming.cancelled_at = Status.CANCELLED, books.now
    coming.save()
    for amount in amounts:
        books.refund(payment, deposit, amount, key=f"back {amount}")
        assert deposit.balance == 0
    books.refund(payment, deposit, amounts[0], key=f"back {amounts[0]}")
    assert (deposit.paid, deposit.payable, deposit.status) == (0, 0, "issued")
    assert [note.amount for note in deposit.credit_notes.all()] == [D(amount) for amount in amounts]
    assert not Invoice.objects.owing().exists()


def test_what_was_too_much_is_given_back_and_no_debt(books, coming):
    deposit = books.take_ahead(coming, "300.00")
    check_out(books, coming)
    books.refund(Payment.objects.get(), deposit, "80.00")
    assert (deposit.paid, deposit.balance, deposit.credited) == (0, 0, D(300))


@pytest.mark.parametrize(("back", "left"), [("50.00", "0.00"), ("20.00", "30.00")])
def test_given_back_before_the_session_it_is_no_debt_either(books, coming, back, left):
    deposit = books.take_ahead(coming, "50.00")
    books.refund(Payment.objects.get(), deposit, back)
    assert (deposit.paid, deposit.balance, actions.held_ahead(coming)) == (D(left), 0, D(left))
    assert not Invoice.objects.owing().exists()


def test_given_back_it_can_be_taken_in_another_way(books, coming):
    """Nobody has to void anything first: the invoice on which nothing is left gives way."""
    first = books.take_ahead(coming, "50.00", key="k")
    books.refund(Payment.objects.get(), first, "50.00")
    with pytest.raises(KeyReused):
        books.take_ahead(coming, "50.00", key="k")
    second = books.take_ahead(coming, "60.00")
    first.refresh_from_db()
    assert (first.status, second.status, actions.held_ahead(coming)) == ("void", "issued", D(60))
    with pytest.raises(AlreadyInvoiced):
        books.take_ahead(coming, "10.00")


def test_used_and_reopened_it_can_be_taken_anew(books, coming):
    books.take_ahead(coming, "220.00")
    invoice = check_out(books, coming)
    books.refund(Payment.objects.get(), invoice, "220.00")
    books.void(invoice)
    coming.refresh_from_db()
    reopen(appointment=coming, reason="correction", by=books.by, now=books.now)
    books.take_ahead(coming, "100.00")
    assert actions.held_ahead(coming) == D(100)


# ---- Moving money ----------------------------------------------------------------------------------------------------


def test_money_moves_and_moves_back(books):
    patient = make.patient()
    first, second = books.issued("100.00", patient=patient), books.issued("100.00", patient=patient)
    payment = books.pay(first, "80.00")
    books.move(payment, first, second, "30.00")
    assert (first.paid, second.paid) == (D(50), D(30))
    assert actions.refundable(payment=payment, invoice=second) == D(30)
    books.move(payment, second, first, "30.00")
    assert (first.paid, second.paid) == (D(80), D(0))


def test_moved_money_is_given_back_from_where_it_is(books):
    patient = make.patient()
    first, second = books.issued("100.00", patient=patient), books.issued("100.00", patient=patient)
    payment = books.pay(first, "80.00")
    books.move(payment, first, second, "80.00")
    books.refund(payment, second, "80.00")
    first.refresh_from_db()
    assert (first.paid, second.paid) == (0, 0)


@pytest.mark.parametrize(
    ("amount", "refusal"),
    [("80.01", NotMovable), ("70.00", Overpayment), ("0.00", WrongAmount), ("1.001", WrongAmount)],
)
def test_no_more_moves_than_is_there_or_owing(books, amount, refusal):
    patient = make.patient()
    first, second = books.issued("100.00", patient=patient), books.issued("60.00", patient=patient)
    payment = books.pay(first, "80.00")
    with pytest.raises(refusal):
        books.move(payment, first, second, amount)
    assert Allocation.objects.count() == 1


def test_money_of_one_person_settles_nothing_of_another(books):
    first, second = books.issued("100.00"), books.issued("100.00", patient=make.patient())
    payment = books.pay(first, "80.00")
    with pytest.raises(NotMovable):
        books.move(payment, first, second, "10.00")


def test_a_refund_does_not_move_and_nothing_moves_onto_itself(books):
    patient = make.patient()
    first, second = books.issued("100.00", patient=patient), books.issued("100.00", patient=patient)
    payment = books.pay(first, "80.00")
    with pytest.raises(NotMovable):
        books.move(books.refund(payment, first, "10.00"), first, second, "10.00")
    with pytest.raises(NotMovable):
        books.move(payment, first, first, "10.00")


def test_nothing_moves_to_what_is_not_asked_for(books):
    patient = make.patient()
    first = books.issued("100.00", patient=patient)
    payment = books.pay(first, "80.00")
    for target in (books.draft("100.00", patient=patient), books.void(books.issued("100.00", patient=patient))):
        with pytest.raises(NotPayable):
            books.move(payment, first, target, "10.00")
