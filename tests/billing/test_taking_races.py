"""Two people at one person's money at once: real threads, real transactions."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Sum

from portal.billing import actions
from portal.billing.models import Allocation, Payment, Taking
from portal.billing.refusals import BillingRefused
from portal.common.money import cents
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)

D = Decimal


def at_once(*jobs):
    """Runs the jobs at one moment and counts what came of them: "done", or the name of a refusal."""
    gate = threading.Barrier(len(jobs))

    def run(job):
        gate.wait()
        try:
            job()
            return "done"
        except BillingRefused as refusal:
            return type(refusal).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return Counter(pool.map(run, jobs))


def balances(patient):
    """Whether what came less what went back is what settles invoices, and what is on the account."""
    came = cents(Payment.objects.aggregate(sum=Sum("amount"))["sum"] or 0)
    settles = cents(Allocation.objects.aggregate(sum=Sum("amount"))["sum"] or 0)
    return came == settles + actions.on_account(patient) and actions.on_account(patient) >= 0


@pytest.fixture
def patient(books):
    return make.patient()


@pytest.fixture
def place(books):
    return make.location()


def test_two_takings_of_one_invoice_take_it_once(books, patient, place):
    invoice = books.issued("100.00", patient=patient)
    came = at_once(
        *(
            lambda: books.take(patient, [("card", "100.00")], [(invoice, "100.00")], location=place)
            for _each in range(6)
        )
    )
    assert came == {"done": 1, "Overpayment": 5}
    invoice.refresh_from_db()
    assert (invoice.paid, Taking.objects.count(), balances(patient)) == (D(100), 1, True)


def test_one_page_sent_many_times_takes_once(books, patient, place):
    came = at_once(
        *(lambda: books.take(patient, [("cash", "30.00")], keeps=True, key="one", location=place) for _each in range(6))
    )
    assert came == {"done": 6}
    assert (Taking.objects.count(), actions.on_account(patient)) == (1, D(30))


def test_two_takings_of_two_invoices_in_either_order_lock_nobody_out(books, patient, place):
    first, second = books.issued("100.00", patient=patient), books.issued("100.00", patient=patient)
    here = [(first, "10.00"), (second, "10.00")]
    came = at_once(
        *(
            lambda n=n: books.take(patient, [("card", "20.00")], here[:: 1 if n % 2 else -1], location=place)
            for n in range(6)
        )
    )
    assert came == {"done": 6}
    assert balances(patient)


def test_a_taking_and_a_void_end_in_one_of_them(books, patient, place):
    for _each in range(4):
        invoice = books.issued("100.00", patient=patient)
        came = at_once(
            lambda invoice=invoice: actions.void_invoice(invoice=invoice, reason="x", by=books.by, now=books.now),
            lambda invoice=invoice: books.take(patient, [("card", "100.00")], [(invoice, "100.00")], location=place),
        )
        assert came in ({"done": 1, "PaidOn": 1}, {"done": 1, "NotPayable": 1})
    assert balances(patient)


def test_a_refund_and_a_use_of_the_account_spend_it_once(books, patient, place):
    for _each in range(4):
        books.take(patient, [("cash", "50.00")], keeps=True, location=place)
        invoice = books.issued("50.00", patient=patient)
        came = at_once(
            lambda invoice=invoice: books.take(patient, [], [(invoice, "50.00")], uses="50.00", location=place),
            lambda: books.refund_account(patient, "50.00"),
        )
        assert came["done"] == 1
        assert (actions.on_account(patient), balances(patient)) == (0, True)


def test_two_refunds_of_the_account_give_it_back_once(books, patient, place):
    books.take(patient, [("cash", "30.00")], keeps=True, location=place)
    books.take(patient, [("card", "20.00")], keeps=True, location=place)
    came = at_once(*(lambda: books.refund_account(patient, "50.00") for _each in range(6)))
    assert came == {"done": 1, "NotRefundable": 5}
    assert (actions.on_account(patient), balances(patient)) == (0, True)


def test_two_invoices_that_use_the_account_use_it_once(books, patient, place):
    books.take(patient, [("cash", "50.00")], keeps=True, location=place)
    first, second = books.issued("50.00", patient=patient), books.issued("50.00", patient=patient)
    at_once(
        *(
            lambda invoice=invoice: actions.use_held(invoice=invoice, by=books.by, now=books.now)
            for invoice in (first, second, first, second)
        )
    )
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.paid + second.paid, actions.on_account(patient), balances(patient)) == (D(50), 0, True)


def test_a_correction_and_a_refund_do_one_after_the_other(books, patient, place):
    for _each in range(4):
        invoice = books.issued("100.00", patient=patient)
        payment = books.pay(invoice, "100.00")
        came = at_once(
            lambda payment=payment, invoice=invoice: actions.refund_payment(
                payment=payment,
                invoice=invoice,
                amount=D(100),
                reason="x",
                key=f"r{invoice.pk}",
                by=books.by,
                now=books.now,
            ),
            lambda payment=payment, invoice=invoice: actions.correct_payment(
                payment=payment,
                method="cash",
                received_on=payment.received_on,
                reference="",
                location=place,
                reason="x",
                key=f"c{invoice.pk}",
                by=books.by,
                now=books.now,
            ),
        )
        assert came in ({"done": 1, "NotCorrectable": 1}, {"done": 1, "NotRefundable": 1})
    assert balances(patient)
