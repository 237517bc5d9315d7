"""Figures and files agree with the ledger to the cent, whatever happened."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.db.models import Sum

from portal.billing.actions import BillTo
from portal.billing.charges import Charge
from portal.billing.models import CreditNote, Invoice, Payment
from portal.billing.refusals import BillingRefused
from portal.clinic.models import TaxCode
from portal.common.money import ZERO
from portal.reports.accounting import PLAIN, XERO, plain_rows, xero_rows
from portal.reports.money import By, figures, gst_invoiced, gst_received
from portal.reports.remuneration import statement
from tests import make

pytestmark = pytest.mark.django_db

D = Decimal
FIRST, LAST = date(2026, 1, 1), date(2027, 12, 31)
DAY = date(2026, 11, 24)


def lived(books, *, seed, steps=40):
    """A random history over half a year: invoices with and without GST, parts paid, given back, taken off, voided."""
    chance = random.Random(seed)
    make.clinic(gst_registered=True, abn="51824753556")
    people = [make.psychologist() for _ in range(2)]
    place, patients, payer = make.location(), [make.patient() for _ in range(3)], make.payer()
    invoices, payments = [], []
    for _ in range(steps):
        books.now += timedelta(hours=chance.randrange(1, 220))
        amount = D(chance.randrange(1, 30_000)) / 100
        try:
            match chance.randrange(6):
                case 0 | 1:
                    taxed = Charge(description="Report", unit_price=amount, tax_code=TaxCode.TAXABLE)
                    free = Charge(description="Session", unit_price=D("220.00"))
                    lines = chance.choice([[free], [taxed], [free, taxed]])
                    whom = chance.choice([{}, {"bill_to": BillTo(payer)}])
                    who = chance.choice(people)
                    invoices.append(
                        books.issued(
                            lines=lines, psychologist=who, location=place, patient=chance.choice(patients), **whom
                        )
                    )
                case 2 | 3:
                    invoice = chance.choice(invoices)
                    payments.append((books.pay(invoice, min(amount, invoice.balance)), invoice))
                case 4:
                    payment, invoice = chance.choice(payments)
                    books.refund(payment, invoice, min(amount, payment.amount))
                case 5:
                    invoice = chance.choice(invoices)
                    if chance.random() < 0.3:
                        books.void(invoice)
                    else:
                        books.credit(invoice, min(amount, invoice.balance))
        except (BillingRefused, IndexError, ValueError):
            continue
    return people


def ledger():
    """What the books themselves say, by their rows."""
    issued = Invoice.objects.issued().aggregate(total=Sum("total"), gst=Sum("gst"))
    notes = CreditNote.objects.filter(invoice__status="issued").aggregate(total=Sum("amount"), gst=Sum("gst"))
    money = Payment.objects.aggregate(total=Sum("amount"))["total"] or ZERO
    earned = (issued["total"] or ZERO) - (notes["total"] or ZERO)
    return earned, (issued["gst"] or ZERO) - (notes["gst"] or ZERO), money


@pytest.mark.parametrize("seed", range(8))
def test_all_figures_and_files_are_the_ledgers(books, seed):
    people = lived(books, seed=seed)
    earned, gst, money = ledger()
    for by in By:
        together = figures(FIRST, LAST, by=by).together
        assert (together.earned, together.gst, together.kept) == (earned, gst, money), by
    assert (gst_invoiced(FIRST, LAST).sales, gst_invoiced(FIRST, LAST).gst) == (earned, gst)
    assert gst_received(FIRST, LAST).sales == money
    amount = XERO.index("*UnitAmount")
    assert sum((row[amount] for row in xero_rows(FIRST, LAST, account="200", named=True)), ZERO) == earned
    plain = list(plain_rows(FIRST, LAST, named=True))
    for column, whole in (("With GST", earned), ("GST", gst), ("Money", money)):
        at = PLAIN.index(column)
        assert sum((row[at] for row in plain if row[at] is not None), ZERO) == whole
    assert sum((statement(one, FIRST, LAST).received for one in people), ZERO) == money


@pytest.mark.parametrize("seed", range(8, 12))
def test_what_is_cut_into_quarters_or_days_is_the_whole(books, seed):
    people = lived(books, seed=seed)
    cuts = [FIRST, date(2026, 12, 1), date(2026, 12, 18), date(2027, 1, 1), date(2027, 3, 9), LAST + timedelta(days=1)]
    spans = [(first, after - timedelta(days=1)) for first, after in pairwise(cuts)]
    for read in (gst_invoiced, gst_received):
        whole, parts = read(FIRST, LAST), [read(*span) for span in spans]
        assert sum((part.gst for part in parts), ZERO) == whole.gst
        assert sum((part.sales for part in parts), ZERO) == whole.sales
        assert sum((part.free for part in parts), ZERO) == whole.free
    for one in people:
        assert sum((statement(one, *span).gst for span in spans), ZERO) == statement(one, FIRST, LAST).gst


def test_gst_of_an_invoice_paid_bit_by_bit_is_that_of_the_whole(books):
    make.clinic(gst_registered=True, abn="51824753556")
    who = make.psychologist()
    line = Charge(description="Report", unit_price=D("100.00"), tax_code=TaxCode.TAXABLE)
    invoice = books.issued(lines=[line], psychologist=who)
    for _ in range(3):
        books.pay(invoice, "36.66")
    books.pay(invoice, invoice.balance)
    assert gst_received(DAY, DAY).gst == D("10.00")
    found = statement(who, DAY, DAY)
    assert (found.received, found.gst, found.base) == (D("110.00"), D("10.00"), D("100.00"))


def test_groups_are_named(books):
    who = make.psychologist()
    books.pay(books.issued("220.00", psychologist=who), "100.00")
    books.issued("80.00", psychologist=who, bill_to=BillTo(make.payer(name="Plan Partners")))
    (row,) = figures(DAY, DAY, by=By.PSYCHOLOGIST).rows
    assert (row.label, row.invoiced, row.received) == (who.name, D("300.00"), D("100.00"))
    assert {row.label: row.invoiced for row in figures(DAY, DAY, by=By.PAYER).rows} == {
        "": D("220.00"),
        "Plan Partners": D("80.00"),
    }
    assert [row.label for row in figures(DAY, DAY, by=By.MONTH).rows] == ["Nov 2026"]
    assert figures(DAY + timedelta(days=1), LAST, by=By.MONTH).rows == []


def test_names_leave_only_when_asked(books):
    invoice = books.issued("220.00")
    whom = XERO.index("*ContactName")
    assert [row[whom] for row in xero_rows(DAY, DAY, account="200", named=True)] == [invoice.bill_to_name]
    assert [row[whom] for row in xero_rows(DAY, DAY, account="200", named=False)] == [
        f"Patient {str(invoice.patient.code)[:8]}"
    ]


def test_an_organisation_is_named_without_for_whose_attention_it_is(books):
    plans = make.payer(name="=Plan Partners", kind="plan_manager", contact="Jo Reader")
    invoice = books.issued("80.00", bill_to=BillTo(plans))
    books.pay(invoice, "50.00")
    parent = make.payer(name="Kim Parent", kind="person")
    books.issued("30.00", bill_to=BillTo(parent), patient=invoice.patient)
    code = f"Patient {str(invoice.patient.code)[:8]}"
    whom, billed = XERO.index("*ContactName"), PLAIN.index("Billed to")
    for named, person in ((False, code), (True, "Kim Parent")):
        contacts = [row[whom] for row in xero_rows(DAY, DAY, account="200", named=named)]
        assert contacts == ["=Plan Partners", person]
        plain = [(row[1], row[billed]) for row in plain_rows(DAY, DAY, named=named)]
        assert plain == [("Invoice", "=Plan Partners"), ("Invoice", person), ("Payment", "=Plan Partners")]


def test_each_row_has_all_columns(books):
    invoice = books.issued("220.00")
    books.pay(invoice, "20.00")
    books.credit(invoice, "10.00")
    assert {len(row) for row in xero_rows(DAY, DAY, account="200", named=True)} == {len(XERO)}
    assert {len(row) for row in plain_rows(DAY, DAY, named=True)} == {len(PLAIN)}


# ---- Remuneration ----------------------------------------------------------------------------------------------------


def test_a_part_counts_from_its_day(books):
    who, other = make.psychologist(), make.psychologist()
    make.pay_share(psychologist=who, percent="60", from_day=DAY - timedelta(days=10))
    make.pay_share(psychologist=who, percent="50", from_day=DAY)
    make.pay_share(psychologist=who, percent="62.5", from_day=DAY)
    make.pay_share(psychologist=other, percent="10", from_day=DAY)
    invoice = books.issued("220.00", psychologist=who)
    books.pay(invoice, "100.00", received_on=DAY - timedelta(days=11))
    books.pay(invoice, "50.00", received_on=DAY - timedelta(days=1))
    last = books.pay(invoice, "70.00")
    books.refund(last, invoice, "10.01")
    found = statement(who, FIRST, LAST)
    assert [line.percent for line in found.lines] == [None, D(60), D("62.5"), D("62.5")]
    assert [line.part for line in found.lines] == [ZERO, D("30.00"), D("43.75"), D("-6.26")]
    assert (found.part, found.without_percent) == (D("67.49"), 1)
