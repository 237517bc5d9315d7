"""Statements of account, and receipts."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from pypdf import PdfReader

from portal.billing import actions
from portal.billing.account_paper import statement_pdf
from portal.billing.actions import BillTo
from portal.billing.models import Invoice
from portal.billing.receipt_paper import receipt_pdf
from portal.billing.statements import days_of_tax_year, statement_of, tax_year
from tests import make

pytestmark = pytest.mark.django_db
D = Decimal
SINCE, UNTIL, DAY = date(2026, 7, 1), date(2027, 6, 30), date(2026, 11, 24)


def account(patient=None, payer=None, **days):
    days = {"since": SINCE, "until": UNTIL} | days
    return statement_of(
        Invoice.objects.filter(patient=patient) if patient else Invoice.objects.filter(payer=payer), **days
    )


def read(pdf):
    reader = PdfReader(io.BytesIO(pdf))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split()), len(reader.pages)


def test_it_adds_up_from_what_was_owing_to_what_is(books):
    patient = make.patient()
    first = books.issued("220.00", patient=patient)
    books.pay(first, "100.00")
    books.now += timedelta(days=10)
    second = books.issued("80.00", patient=patient)
    books.credit(second, "30.00")
    refunded = books.pay(second, "50.00")
    books.refund(refunded, second, "10.00")
    whole = account(patient)
    assert (whole.opening, whole.billed, whole.paid, whole.closing) == (0, D("270.00"), D("140.00"), D("130.00"))
    assert whole.closing == sum(invoice.balance for invoice in Invoice.objects.filter(patient=patient))
    later = account(patient, since=first.issued_on + timedelta(days=1))
    assert (later.opening, later.closing) == (D("120.00"), D("130.00"))
    assert [entry.kind for entry in later.entries] == ["billed", "taken_off", "paid", "given_back"]


def test_money_of_one_day_stands_as_it_came(books):
    invoice = books.issued("220.00", patient=make.patient())
    came = [books.pay(invoice, amount).number for amount in ("10.00", "20.00", "30.00", "40.00", "50.00")]
    assert [entry.number for entry in account(invoice.patient).entries if entry.kind == "paid"] == came


def test_each_paper_names_the_session_that_it_is_for(books):
    """Its day where it was and with whom; never what kind of session."""
    mai = make.psychologist(title="Dr", user=make.user(first_name="Mai", last_name="Tran"))
    service = make.service(name="Trauma therapy")
    session = books.session(psychologist=mai, service=service, starts_at=datetime(2026, 11, 23, 14, 0, tzinfo=UTC))
    invoice = books.invoice_of_session(session)
    books.credit(invoice, "30.00")
    books.pay(invoice, "10.00")
    books.issued("5.00", patient=session.patient)
    found = account(session.patient)
    named = [entry.kind for entry in found.entries if (entry.session_on, entry.session_with) == (DAY, "Dr Mai Tran")]
    assert named == ["billed", "taken_off"]
    assert [entry.session_with for entry in found.entries].count("") == 2
    text, _pages = read(statement_pdf(found, name="Noor", address="", today=books.now.date()))
    assert text.count("session of 24 Nov 2026 with Dr Mai Tran") == 2
    assert "Trauma" not in text


def test_a_void_invoice_is_none_of_it(books):
    patient = make.patient()
    invoice = books.issued("220.00", patient=patient)
    actions.void_invoice(invoice=invoice, reason="Wrong person", by=books.by, now=books.now)
    assert account(patient).entries == ()


def test_money_paid_ahead_counts_once(books):
    session = books.session()
    type(session).objects.filter(pk=session.pk).update(status="booked", completed_at=None)
    session.refresh_from_db()
    books.take_ahead(session, "100.00")
    type(session).objects.filter(pk=session.pk).update(status="completed", completed_at=books.now)
    session.refresh_from_db()
    invoice = books.invoice_of_session(session)
    actions.use_ahead(invoice=invoice, by=books.by, now=books.now)
    whole = account(session.patient)
    assert (whole.paid, whole.closing) == (D("100.00"), D("120.00"))


@pytest.mark.parametrize(
    ("day", "begins"), [(date(2026, 6, 30), 2025), (date(2026, 7, 1), 2026), (date(2027, 1, 1), 2026)]
)
def test_a_tax_year_begins_in_july(day, begins):
    assert tax_year(day) == begins
    since, until = days_of_tax_year(begins)
    assert since <= day <= until


def test_a_statement_on_paper(books):
    payer = make.payer(name="Harbour Insurance", street="9 Quay St")
    for n in range(40):
        books.issued("220.00", bill_to=BillTo(payer), patient=make.patient(legal_first_name=f"Noor {n}"))
    text, pages = read(
        statement_pdf(account(payer=payer), name=payer.bill_to, address=payer.address, today=books.now.date())
    )
    assert pages >= 2
    for words in (
        "Statement",
        "Harbour Insurance",
        "9 Quay St",
        "Brought forward",
        "Noor 39",
        "Owing on 24 Nov 2026 $8,800.00",
    ):
        assert words in text, words


def test_a_receipt_says_what_proof_of_payment_must(books):
    patient = make.patient(legal_first_name="سارة", legal_last_name="Okafor")
    invoice = books.issued("220.00", patient=patient, location=make.location(name="Brunswick"))
    payment = books.pay(invoice, "120.00", reference="T-77")
    text, pages = read(receipt_pdf([payment], patient=patient, among=Invoice.objects.all()))
    assert pages == 1
    for words in ("Receipt", payment.number, "$120.00", "24 Nov 2026", "Brunswick", invoice.number, "Card", "T-77"):
        assert words in text, words


def test_a_receipt_names_nothing_that_its_reader_may_not_see(books):
    mine = books.issued("100.00")
    other = books.issued("50.00")
    payment = books.pay(mine, "100.00")
    text, _pages = read(receipt_pdf([payment], patient=mine.patient, among=Invoice.objects.filter(pk=other.pk)))
    assert mine.number not in text
