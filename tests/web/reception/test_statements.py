"""Statements of account at the desk, on their pages and on paper."""

from __future__ import annotations

import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from lxml import html
from pypdf import PdfReader

from portal.billing import actions
from portal.billing.actions import BillTo
from portal.billing.models import Invoice, InvoiceStatus
from portal.notifications import outbox
from portal.notifications.models import Notice
from tests import make
from tests.billing.conftest import Books
from tests.web.reception.conftest import NOW

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def books(place):
    books = Books()
    books.now = NOW
    return books


def page(desk, whose, kind="patient", **days):
    answer = desk.get(reverse(f"reception:{kind}_statement", args=[whose.code]), days)
    assert answer.status_code == 200
    return answer.context["statement"], " ".join(" ".join(html.fromstring(answer.content).itertext()).split())


def paper(desk, whose, kind="patient", **days):
    answer = desk.get(reverse(f"reception:{kind}_statement_pdf", args=[whose.code]), days)
    assert answer["Content-Type"] == "application/pdf"
    return " ".join(" ".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(answer.content)).pages).split())


def owed(patient):
    """What they owe less what is on their account, from the books themselves."""
    rows = Invoice.objects.filter(patient=patient, status=InvoiceStatus.ISSUED, payer=None, bulk_billed=False)
    return sum((invoice.balance for invoice in rows), D(0)) - actions.on_account(patient)


def test_money_on_account_is_part_of_it(desk, books):
    patient = make.patient()
    first = books.issued("220.00", patient=patient)
    books.take(patient, [("cash", "150.00"), ("card", "100.00")], [(first, "220.00")], keeps=True)
    shown, words = page(desk, patient)
    assert (shown.billed, shown.paid, shown.closing, shown.on_account) == (D(220), D(250), D(-30), D(30))
    assert shown.closing == owed(patient)
    assert "In credit at the end $30.00" in words
    assert "On account, used first -$30.00" in words
    assert "In credit on 24 Nov 2026 $30.00" in paper(desk, patient)
    second = books.issued("80.00", patient=patient)
    shown, words = page(desk, patient)
    assert (shown.unpaid, shown.on_account, shown.closing) == (D(80), D(30), D(50))
    books.take(patient, [("card", "50.00")], [(second, "80.00")], uses="30.00")
    shown, words = page(desk, patient)
    assert (shown.closing, shown.on_account, owed(patient)) == (0, 0, 0)
    assert "Owing at the end $0.00" in words


def test_everything_that_moves_money_adds_up_to_the_cent(desk, books):
    patient = make.patient()
    payer = make.payer(name="Harbour Insurance")
    first, second, third = (books.issued(price, patient=patient) for price in ("220.10", "99.95", "310.05"))
    whole = books.pay(first, "220.10")
    books.refund(whole, first, "20.10")
    books.credit(second, "9.95")
    books.take(patient, [("cash", "100.00")], [(second, "40.00")], keeps=True)
    books.refund_account(patient, "15.00")
    actions.write_off(invoice=third, reason="Moved abroad", key="gone", by=books.by, now=books.now)
    books.pay(books.issued("500.00", patient=patient, bill_to=BillTo(payer)), "500.00")
    void = books.issued("77.00", patient=patient)
    books.void(void)
    shown, words = page(desk, patient)
    assert shown.closing == owed(patient) == D("25.10")
    kinds = [entry.kind for entry in shown.entries]
    assert sorted(kinds) == sorted(["billed"] * 3 + ["taken_off", "written_off"] + ["paid"] * 2 + ["given_back"] * 2)
    assert void.number not in words
    assert "$500.00" not in words
    assert "Written off" in words
    # Whatever days are asked for, what went before is brought forward.
    books.now += timedelta(days=1)
    later, words = page(desk, patient, since="2026-11-25", until="2026-12-31")
    assert (later.opening, later.entries, later.closing) == (D("25.10"), (), D("25.10"))


def test_a_correction_moved_no_money(desk, books):
    patient = make.patient()
    invoice = books.issued("220.00", patient=patient)
    payment = books.pay(invoice, "220.00")
    actions.correct_payment(
        payment=payment,
        method="cash",
        received_on=payment.received_on,
        reason="It was cash",
        key="cash",
        by=books.by,
        now=books.now,
        reference="",
        location=invoice.location,
    )
    shown, words = page(desk, patient)
    assert [entry.kind for entry in shown.entries] == ["billed", "paid", "corrected", "corrected"]
    assert (shown.paid, shown.closing) == (D(220), 0)
    assert "Correction of a payment" in words


def test_a_payer_is_shown_what_they_are_billed_alone(desk, books):
    patient, payer = make.patient(), make.payer(name="Harbour Insurance", street="9 Quay St")
    theirs = books.issued("300.00", patient=patient, bill_to=BillTo(payer))
    own = books.issued("100.00", patient=patient)
    books.take(patient, [("card", "150.00")], [(own, "100.00")], keeps=True)
    shown, words = page(desk, payer, kind="payer")
    assert (shown.closing, shown.on_account) == (D(300), 0)
    assert theirs.number in words
    assert own.number not in words
    printed = paper(desk, payer, kind="payer")
    assert "9 Quay St" in printed
    assert "Owing on 24 Nov 2026 $300.00" in printed


def test_it_shows_this_tax_year_or_the_days_asked_for(desk, books):
    patient = make.patient()
    books.now -= timedelta(days=200)
    old = books.issued("50.00", patient=patient)
    books.now = NOW
    new = books.issued("70.00", patient=patient)
    shown, words = page(desk, patient)
    assert (f"{shown.since}", f"{shown.until}") == ("2026-07-01", "2026-11-24")
    assert new.number in words
    assert old.number not in words
    assert (shown.opening, shown.closing) == (D(50), D(120))
    shown, words = page(desk, patient, since="2025-07-01", until="2026-06-30")
    assert old.number in words
    assert new.number not in words
    assert shown.closing == D(50)


def test_days_that_run_backwards_are_refused(desk, books):
    patient = make.patient()
    address = reverse("reception:patient_statement", args=[patient.code])
    answer = desk.get(address, {"since": "2026-11-24", "until": "2026-11-01"})
    assert answer.status_code == 422
    assert "This is before the first day." in answer.content.decode()


@pytest.mark.parametrize("role", ["psychologist", "patient"])
def test_nobody_else_sees_it(place, role):
    patient, payer = make.patient(), make.payer()
    client = make.signed_in_client(role=role)
    for kind, whose in (("patient", patient), ("payer", payer)):
        for end in ("", "_pdf"):
            assert client.get(reverse(f"reception:{kind}_statement{end}", args=[whose.code])).status_code == 403


def test_it_asks_as_much_however_long_it_is(desk, books):
    patient = make.patient()
    address = reverse("reception:patient_statement", args=[patient.code])
    books.pay(books.issued("50.00", patient=patient), "50.00")
    desk.get(address)
    with CaptureQueriesContext(connection) as few:
        desk.get(address)
    for _each in range(10):
        books.pay(books.issued("50.00", patient=patient), "50.00")
    with CaptureQueriesContext(connection) as many:
        desk.get(address)
    assert len(many) == len(few)


@pytest.mark.parametrize("kind", ["patient", "payer"])
def test_it_is_mailed_with_its_pdf_once_for_each_page(desk, books, kind):
    patient = make.patient(email="anna@example.com", legal_first_name="Anna", language="vi")
    payer = make.payer(name="Harbour Insurance", email="bills@example.com")
    books.issued("300.00", patient=patient, bill_to=BillTo(payer) if kind == "payer" else None)
    whose = {"patient": patient, "payer": payer}[kind]
    there = reverse(f"reception:{kind}_statement", args=[whose.code])
    shown = desk.get(there)
    sent = {"key": shown.context["key"], "since": "2026-07-01", "until": "2026-11-24"}
    for _twice in range(2):
        answer = desk.post(shown.context["send"], sent)
        assert answer["Location"] == f"{there}?since=2026-07-01&until=2026-11-24"
    notice = Notice.objects.get(template="statement")
    ((name, media_type, pdf),) = outbox.attachments_of(notice)
    words = " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())
    assert (name, media_type) == ("statement.pdf", "application/pdf")
    assert "Owing on 24 Nov 2026 $300.00" in words
    assert (notice.to, notice.language) == {
        "patient": ("anna@example.com", "vi"),
        "payer": ("bills@example.com", "en-au"),
    }[kind]
    assert "$300.00" in notice.text
    assert notice.to in desk.get(there).content.decode()


def test_nobody_to_mail_it_to_is_said(desk, books):
    patient = make.patient(email="")
    there = reverse("reception:patient_statement", args=[patient.code])
    assert "E-mail it" not in desk.get(there).content.decode()
    send = reverse("reception:send_patient_statement", args=[patient.code])
    answer = desk.post(send, {"since": "2026-07-01", "until": "2026-11-24"}, follow=True)
    assert "No e-mail address is known" in answer.content.decode()
    assert not Notice.objects.exists()
