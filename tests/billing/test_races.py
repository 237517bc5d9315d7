"""Several people at once: real threads, real transactions."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection

from portal.billing import actions
from portal.billing.models import Allocation, Invoice, Payment
from portal.billing.refusals import AlreadyInvoiced, NotPayable, NotRefundable, Overpayment, PaidOn

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
        except (AlreadyInvoiced, NotPayable, NotRefundable, Overpayment, PaidOn) as refusal:
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
            payment=payment, invoice=invoice, amount=Decimal("60.00"), key=f"r{n}", by=books.by, now=books.now
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
