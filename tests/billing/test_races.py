"""Several people at once: real threads, real transactions."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection, transaction

from portal.appointments.models import Appointment, Status
from portal.billing import actions
from portal.billing.models import Allocation, Invoice, Payment
from portal.billing.refusals import (
    AlreadyInvoiced,
    NotMovable,
    NotPayable,
    NotRefundable,
    OverCredit,
    Overpayment,
    PaidOn,
)
from tests import make
from tests.waiting import until_it_waits

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 8


def at_once(*jobs):
    """Runs the jobs at one moment and counts what came of them: "done", or the name of a refusal."""
    gate = threading.Barrier(len(jobs))

    def run(job):
        gate.wait()
        try:
            job()
            return "done"
        except (AlreadyInvoiced, NotMovable, NotPayable, NotRefundable, OverCredit, Overpayment, PaidOn) as refusal:
            return type(refusal).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return Counter(pool.map(run, jobs))


def paying(books, invoice, amount, key):
    return lambda: actions.record_payment(
        invoice=invoice, amount=Decimal(amount), method="card", key=key, by=books.by, now=books.now
    )


def test_payments_at_once_never_exceed_the_invoice(books):
    invoice = books.issued("220.00")
    came = at_once(*(paying(books, invoice, "100.00", f"key-{n}") for n in range(PEOPLE)))
    assert came == {"done": 2, "Overpayment": PEOPLE - 2}
    invoice.refresh_from_db()
    assert invoice.paid == Decimal("200.00")
    assert sum(Allocation.objects.values_list("amount", flat=True)) == Decimal("200.00")


def test_one_form_sent_many_times_at_once_pays_once(books):
    invoice = books.issued("220.00")
    assert at_once(*(paying(books, invoice, "100.00", "one") for _ in range(PEOPLE))) == {"done": PEOPLE}
    assert Payment.objects.get().amount == Decimal("100.00")


def test_refunds_at_once_never_exceed_the_payment(books):
    invoice = books.issued("220.00")
    payment = books.pay(invoice, "100.00")

    def refunding(n):
        return lambda: actions.refund_payment(
            reason="Charged twice",
            payment=payment,
            invoice=invoice,
            amount=Decimal("60.00"),
            key=f"r{n}",
            by=books.by,
            now=books.now,
        )

    assert at_once(*(refunding(n) for n in range(PEOPLE))) == {"done": 1, "NotRefundable": PEOPLE - 1}
    invoice.refresh_from_db()
    assert invoice.paid == Decimal("40.00")


def test_voiding_and_paying_at_once_end_in_one_of_them(books):
    for n in range(5):
        invoice = books.issued("220.00")
        came = at_once(
            lambda invoice=invoice: actions.void_invoice(invoice=invoice, reason="x", by=books.by, now=books.now),
            paying(books, invoice, "100.00", f"pay-{n}"),
        )
        invoice.refresh_from_db()
        assert came in ({"done": 1, "PaidOn": 1}, {"done": 1, "NotPayable": 1})
        assert (invoice.status, invoice.paid) in {("void", Decimal(0)), ("issued", Decimal("100.00"))}


def test_a_session_checked_out_by_many_at_once_has_one_invoice(books):
    appointment = books.session()
    came = at_once(*[lambda: books.invoice_of_session(appointment)] * PEOPLE)
    assert came == {"done": 1, "AlreadyInvoiced": PEOPLE - 1}
    assert Invoice.objects.get().appointment == appointment


def moving(books, payment, source, target, amount):
    return lambda: actions.move_payment(
        payment=payment, amount=Decimal(amount), source=source, target=target, by=books.by, now=books.now
    )


def test_money_that_moves_while_it_is_given_back_does_one_of_both(books):
    for n in range(5):
        patient = make.patient()
        first, second = books.issued("100.00", patient=patient), books.issued("100.00", patient=patient)
        payment = books.pay(first, "100.00")
        came = at_once(
            moving(books, payment, first, second, "60.00"),
            lambda payment=payment, first=first, n=n: actions.refund_payment(
                reason="Charged twice",
                payment=payment,
                invoice=first,
                amount=Decimal("60.00"),
                key=f"r{n}",
                by=books.by,
                now=books.now,
            ),
        )
        first.refresh_from_db()
        second.refresh_from_db()
        assert came in ({"done": 1, "NotMovable": 1}, {"done": 1, "NotRefundable": 1})
        assert (first.paid, second.paid) in {(Decimal(40), Decimal(60)), (Decimal(40), Decimal(0))}


def test_money_moved_both_ways_at_once_locks_nobody_out(books):
    """Two invoices are always locked in one order, whichever the money comes from."""
    patient = make.patient()
    first, second = books.issued("100.00", patient=patient), books.issued("100.00", patient=patient)
    one, other = books.pay(first, "50.00"), books.pay(second, "50.00")
    came = at_once(
        *[moving(books, one, first, second, "10.00")] * (PEOPLE // 2),
        *[moving(books, other, second, first, "10.00")] * (PEOPLE // 2),
    )
    assert came == {"done": PEOPLE}
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.paid, second.paid) == (Decimal("50.00"), Decimal("50.00"))


def test_credit_notes_and_payments_at_once_never_exceed_what_is_owing(books):
    invoice = books.issued("100.00")
    line = invoice.lines.get()

    def crediting(n):
        return lambda: actions.credit_line(
            line=line, amount=Decimal("60.00"), reason="x", key=f"c{n}", by=books.by, now=books.now
        )

    came = at_once(*(crediting(n) for n in range(4)), *(paying(books, invoice, "60.00", f"p{n}") for n in range(4)))
    assert came["done"] == 1
    invoice.refresh_from_db()
    assert (invoice.balance, invoice.payable + invoice.credited) == (Decimal("40.00"), Decimal("100.00"))


def test_money_ahead_is_taken_once(books):
    appointment = make.appointment(starts_at=books.now)
    came = at_once(*(lambda n=n: books.take_ahead(appointment, "50.00", key=f"k{n}") for n in range(PEOPLE)))
    assert came == {"done": 1, "AlreadyInvoiced": PEOPLE - 1}
    assert Payment.objects.get().amount == Decimal("50.00")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_money_held_for_nothing_stays_with_a_session_that_is_taken_up_again_meanwhile(books):
    session = make.appointment(starts_at=books.now)
    deposit = books.take_ahead(session, "100.00")
    Appointment.objects.filter(pk=session.pk).update(status=Status.NO_SHOW)
    invoice, used = books.issued("100.00", patient=session.patient), []

    def use():
        try:
            used.append(actions.use_held(invoice=invoice, by=books.by, now=books.now))
        finally:
            connection.close()

    thread = threading.Thread(target=use)
    with transaction.atomic():
        Appointment.objects.filter(pk=session.pk).update(status=Status.BOOKED)
        thread.start()
        until_it_waits(thread)
    thread.join(timeout=20)
    deposit.refresh_from_db()
    assert (used, deposit.paid) == ([Decimal(0)], Decimal("100.00"))
