"""Whose money a payment is: written down with it, kept for ever, and said by receipts, statements and figures."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from portal.accounts.roles import Role
from portal.billing import actions
from portal.billing.account_paper import rows_in_words
from portal.billing.actions.corrections import correct_invoice
from portal.billing.guards.words import PAYMENT_NEVER
from portal.billing.models import Invoice, Payment
from portal.billing.receipt_paper import facts_of
from portal.billing.statements import statement_of
from portal.reports.accounting import plain_rows
from portal.reports.money import By, figures
from tests import make
from tests.billing.conftest import refused

pytestmark = pytest.mark.django_db

D = Decimal
NAME = "Plan Partners"


def from_of(payment):
    return facts_of([payment], patient=payment.patient, among=Invoice.objects.all())["paper"]["from"]


def test_it_is_theirs_who_are_billed_unless_somebody_says_otherwise(books):
    invoice = books.issued()
    first, second = books.pay(invoice, "50.00"), books.pay(invoice, "60.00", paid_by="  Plan Partners ")
    assert first.paid_by == invoice.bill_to_name == invoice.patient.legal_name
    assert second.paid_by == NAME
    assert (from_of(first), from_of(second)) == (invoice.patient.legal_name, NAME)


def test_a_payers_bill_is_paid_by_the_payer_and_a_rebate_by_medicare(books):
    payer = make.payer(name=NAME)
    invoice = books.issued(bill_to=actions.BillTo(payer))
    assert books.pay(invoice, "20.00").paid_by == NAME
    assert books.pay(invoice, "20.00", method="medicare").paid_by == "Medicare"


def test_what_is_taken_for_several_is_one_persons(books):
    invoice = books.issued()
    taking = books.take(
        invoice.patient, [("cash", "100.00"), ("card", "120.00")], [(invoice, "220.00")], paid_by="Grandmother Ng"
    )
    assert set(taking.parts.values_list("paid_by", flat=True)) == {"Grandmother Ng"}
    kept = books.take(make.patient(), [("cash", "10.00")], [], keeps=True).parts.get()
    assert kept.paid_by == kept.patient.legal_name


def test_what_goes_back_goes_to_whom_it_came_from(books):
    invoice = books.issued()
    payment = books.pay(invoice, "50.00", paid_by=NAME)
    refund = books.refund(payment, invoice, "20.00")
    assert refund.paid_by == from_of(refund) == NAME


def test_it_never_changes(books):
    payment = books.pay(books.issued(), "50.00", paid_by=NAME)
    refused(f"UPDATE billing_payment SET paid_by = 'Another' WHERE id = {payment.pk}", PAYMENT_NEVER)
    refused(f"UPDATE billing_payment SET paid_by = NULL WHERE id = {payment.pk}", PAYMENT_NEVER)


def test_nobody_is_no_name(books):
    with pytest.raises(IntegrityError, match="payment_names_whom_it_is_from"), transaction.atomic():
        Payment.objects.create(
            number="RCT-1", patient=make.patient(), method="card", amount=D(1), received_on="2026-11-24", key="k",
            paid_by="",
        )  # fmt: skip


def old_row(invoice, amount):
    """As it stands from before it was asked whose money it is."""
    payment = Payment.objects.create(
        number="RCT-OLD",
        patient=invoice.patient,
        method="card",
        amount=D(amount),
        received_on=date(2026, 11, 24),
        key="old",
    )
    payment.allocations.create(invoice=invoice, amount=D(amount))
    return payment


def test_an_old_row_reads_as_whoever_was_billed(books):
    invoice = books.issued()
    old = old_row(invoice, "50.00")
    assert from_of(old) == invoice.bill_to_name
    day = date(2026, 11, 24)
    assert [(row.label, row.received) for row in figures(day, day, by=By.PAYER).rows] == [("", D(50))]


def test_figures_count_what_was_received_under_whose_money_it_was(books):
    invoice, day = books.issued(), date(2026, 11, 24)
    books.pay(invoice, "50.00")
    books.refund(books.pay(invoice, "70.00", paid_by=NAME), invoice, "20.00")
    rows = {row.label: (row.invoiced, row.received, row.refunded) for row in figures(day, day, by=By.PAYER).rows}
    assert rows == {"": (D(220), D(50), D(0)), NAME: (D(0), D(70), D(-20))}
    named = [row[4] for row in plain_rows(day, day, named=True) if row[1] != "Invoice"]
    assert named == [invoice.patient.legal_name, NAME, NAME]
    code = f"Patient {str(invoice.patient.code)[:8]}"
    assert {row[4] for row in plain_rows(day, day, named=False) if row[1] != "Invoice"} == {code}


def test_a_statement_names_others_who_paid(books):
    invoice, day = books.issued(), date(2026, 11, 24)
    books.pay(invoice, "50.00")
    books.refund(books.pay(invoice, "70.00", paid_by=NAME), invoice, "20.00")
    statement = statement_of(Invoice.objects.all(), since=day, until=day)
    about = sorted(row["about"] for row in rows_in_words(statement)[1:])
    assert about == ["Card", f"Card, from {NAME}", f"Card, to {NAME}"]


def test_said_wrong_it_is_said_anew(books):
    invoice = books.issued()
    payment = books.pay(invoice, "50.00")
    said = {"method": "card", "received_on": payment.received_on, "reference": "", "location": payment.location}
    new = actions.correct_payment(
        payment=payment, reason="Her mother paid", key="c", by=make.actor(), now=books.now, paid_by="Mary Ng", **said
    )
    assert (new.paid_by, new.amount) == ("Mary Ng", D(50))
    assert Payment.objects.get(reverses=payment).paid_by == payment.paid_by


def test_for_another_invoice_it_is_whoever_that_names_unless_it_was_said(books):
    wrong, right = books.issued(), books.issued(patient=make.patient())
    for paid_by, becomes in (("", right.bill_to_name), (NAME, NAME)):
        payment = books.pay(wrong, "50.00", paid_by=paid_by)
        new = correct_invoice(
            payment=payment, source=wrong, target=right, reason="Mixed up", key=paid_by or "k", by=make.actor(),
            now=books.now,
        )  # fmt: skip
        assert new.paid_by == becomes


def test_the_desk_reads_the_likely_names_and_says_another(books):
    desk = make.client_for(make.staff(Role.RECEPTION))
    invoice = books.issued()
    make.carer(patient=invoice.patient, user=make.user(first_name="Mary", last_name="Ng"))
    url = reverse("reception:invoice", args=[invoice.number])
    page = desk.get(url).content.decode()
    assert f'name="paid_by" value="{invoice.bill_to_name}"' in page
    assert '<option value="Mary Ng">' in page
    form = {"amount": "50.00", "method": "card", "received_on": "2026-11-24", "paid_by": "Mary Ng"}
    form["key"] = "00000000-0000-4000-8000-000000000001"
    answer = desk.post(reverse("reception:pay", args=[invoice.number]), form, follow=True)
    assert "from Mary Ng" in answer.content.decode()
    assert Payment.objects.get().paid_by == "Mary Ng"
