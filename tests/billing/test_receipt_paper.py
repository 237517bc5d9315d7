"""A receipt on paper: every method, every invoice, what is kept and what went back."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO

from pypdf import PdfReader

from portal.billing.models import Invoice
from portal.billing.receipt_paper import receipt_pdf
from tests import make


def read(parts, patient):
    text = " ".join(
        page.extract_text()
        for page in PdfReader(BytesIO(receipt_pdf(parts, patient=patient, among=Invoice.objects.all()))).pages
    )
    return " ".join(text.split())


def test_a_taking_says_how_money_came_what_it_was_for_and_what_is_kept(books):
    invoice = books.issued()
    patient = invoice.patient
    taking = books.take(
        patient, [("cash", "100.00"), ("card", "150.00")], [(invoice, "220.00")], keeps=True, handed=Decimal("120.00")
    )
    words = read(list(taking.parts.order_by("pk")), patient)
    for said in (
        f"Receipt {taking.number}",
        f"RECEIVED FROM {patient.legal_name}",
        "$100.00",
        "$150.00",
        f"{invoice.number} 24 Nov 2026 {patient.legal_name} $220.00",
        "$30.00 is kept on the account",
        "Cash handed over $120.00",
        "Change given -$20.00",
        "Received $250.00",
    ):
        assert said in words


def test_what_went_back_says_why(books):
    invoice = books.issued()
    refund = books.refund(books.pay(invoice, "50.00"), invoice, "20.00", reason="Charged twice")
    words = read([refund], invoice.patient)
    for said in (f"Refund receipt {refund.number}", "PAID TO", "Charged twice", "Refunded $20.00"):
        assert said in words


def test_it_sends_to_medicare_with_an_item_and_with_nothing_else(books):
    make.mbs_items()
    fee, session = books.issued(), books.session(patient=make.referral().patient)
    assert "Claim from Medicare" not in read([books.pay(fee, "50.00")], fee.patient)
    invoice = books.invoice_of_session(session)
    paid = books.pay(invoice, "50.00")
    assert "Claim from Medicare with the invoice" in read([paid], invoice.patient)
    refund = books.refund(paid, invoice, "20.00")
    assert "Claim from Medicare" not in read([refund], invoice.patient)
