"""An invoice on paper: its snapshot as it was issued, the payments as they stand now, and where to pay what is left."""

from __future__ import annotations

import json
import logging
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils import translation

from portal.billing import snapshot, transfers
from portal.billing.models import CreditNote, DrawnPaper, Invoice, InvoiceStatus
from portal.billing.movements import Kind, movements_of
from portal.billing.snapshot import CreditNoteOnPaper, InvoiceOnPaper
from portal.clinic.models import ClinicSettings
from portal.common.money import ZERO
from portal.common.paper import fonts
from portal.common.paper.pdf import picture, render_pdf

log = logging.getLogger(__name__)

TEMPLATE = "pdf/invoice.html"
# All that it is drawn by.
_TEMPLATES = (TEMPLATE, "pdf/_under_sums.html", "pdf/bill.html", "pdf/paper.html")

METHODS = {
    "card": "Card",
    "cash": "Cash",
    "transfer": "Bank transfer",
    "medicare": "Medicare",
    "stripe": "Card, online",
}
MOVED = {
    Kind.PAID: "",
    Kind.GIVEN_BACK: ", refund",
    Kind.MOVED_HERE: ", paid ahead",
    Kind.MOVED_AWAY: ", counted towards another invoice",
    Kind.KEPT: ", kept on the account",
    Kind.TAKEN_BACK: ", written down wrong",
    Kind.SAID_ANEW: ", as corrected",
}


def invoice_pdf(invoice: Invoice, *, now: datetime) -> bytes:
    """The invoice as an A4 PDF: as it was drawn before if it would print the same, else drawn now and kept.

    In English, whatever the reader's language: Medicare and the tax office read it. Drawing takes a tenth of a second,
    so call it outside a transaction that holds locks.
    """
    facts = facts_of(invoice)
    digest = _digest(facts)
    if kept := DrawnPaper.objects.filter(invoice=invoice, digest=digest).first():
        again: bytes = kept.pdf
        return again
    file = facts["paper"]["clinic"]["logo"]
    logo = logo_of(file)
    with translation.override("en-au"):
        pdf = render_pdf(TEMPLATE, {**facts, "logo": logo})
    # A draft changes from one look to the next, and a logo that can't be read just now may come back.
    if invoice.snapshot is not None and (logo or not file):
        values: dict[str, Any] = {"digest": digest, "pdf": pdf, "drawn_at": now}
        DrawnPaper.objects.update_or_create(invoice=invoice, defaults=values)
    return pdf


def _digest(facts: dict[str, Any]) -> str:
    """Of everything that decides how the paper looks: what it says, and the sheet it is drawn by."""
    said = json.dumps(facts, default=str, sort_keys=True)
    return sha256(f"{_sheet()}\n{said}".encode()).hexdigest()


@cache
def _sheet() -> str:
    sources = [(settings.BASE_DIR / "templates" / name).read_text() for name in _TEMPLATES]
    faces = [str(face.regular) for face in (fonts.body(), *fonts.fallbacks())]
    return sha256(json.dumps([*sources, *faces, version("xhtml2pdf"), version("reportlab")]).encode()).hexdigest()


def facts_of(invoice: Invoice) -> dict[str, Any]:
    """What the paper says. A draft, or one voided as a draft, has no snapshot yet and says what it would."""
    clinic = ClinicSettings.current()
    paper: InvoiceOnPaper = invoice.snapshot or snapshot.take(invoice, clinic=clinic, referral=None)
    void = invoice.status == InvoiceStatus.VOID
    balance = invoice.balance
    if invoice.credited:
        # What was expected when it was issued is more than is charged by now.
        paper = {**paper, "rebate": str(invoice.expected_rebate), "out_of_pocket": str(invoice.gap)}
    return {
        "paper": _with_dates(paper),
        "stamp": _stamp(invoice),
        "paid": invoice.paid,
        "balance": balance,
        "pay_to": transfers.pay_to(invoice, clinic=clinic),
        "has_gst": Decimal(paper["gst"]) != ZERO,
        "is_bulk_billed": invoice.bulk_billed,
        "has_rebate": Decimal(paper["rebate"]) != ZERO,
        "void_reason": invoice.void_reason.rstrip(". ") if void else "",
        "credits": [
            {"date": day(note.issued_on), "number": note.number, "amount": note.amount, "title": note.snapshot["title"]}
            for note in (invoice.credit_notes.all() if invoice.credited else ())
        ],
        "receipts": [
            {
                "date": day(movement.payment.received_on),
                "method": METHODS[movement.payment.method] + MOVED[movement.kind],
                "number": movement.payment.receipt,
                "amount": movement.amount,
            }
            for movement in movements_of(invoice)
        ],
    }


def credit_note_pdf(note: CreditNote) -> bytes:
    """A credit or adjustment note as an A4 PDF, in English as its invoice is."""
    with translation.override("en-au"):
        return render_pdf("pdf/credit_note.html", context_of_credit(note))


def context_of_credit(note: CreditNote) -> dict[str, Any]:
    """What `pdf/credit_note.html` reads: the note's snapshot with dates as people write them."""
    paper: CreditNoteOnPaper = note.snapshot
    invoice = paper["invoice"]
    return {
        "paper": {
            **paper,
            "number": note.number,
            "issued_on": _day_of(paper["issued_on"]),
            "invoice": {**invoice, "issued_on": _day_of(invoice["issued_on"])},
        },
        "logo": logo_of(paper["clinic"]["logo"]),
        "stamp": "VOID" if note.invoice.status == InvoiceStatus.VOID else "",
    }


def filename(document: Invoice | CreditNote) -> str:
    """Nothing of whose it is: files lie about in downloads."""
    return f"{document.number}.pdf"


def _stamp(invoice: Invoice) -> str:
    match invoice.status:
        case InvoiceStatus.DRAFT:
            return "DRAFT"
        case InvoiceStatus.VOID:
            return "VOID"
    # Where notes took all of it off, or it was counted elsewhere, nothing on it is paid.
    all_off = invoice.credited and not invoice.payable
    return "PAID IN FULL" if invoice.is_settled and not all_off else ""


def logo_of(name: str) -> str:
    """The picture by the name of its file; empty where there is none, or it can't be read."""
    if not name:
        return ""
    try:
        with default_storage.open(name) as file:
            return picture(file.read())
    except OSError:
        log.warning("the logo %s of an invoice is gone", name)
        return ""


def _with_dates(paper: InvoiceOnPaper) -> InvoiceOnPaper:
    """A snapshot with its ISO dates as people write them."""
    referral = paper["referral"]
    return {
        **paper,
        "issued_on": _day_of(paper["issued_on"]),
        "due_on": _day_of(paper["due_on"]),
        "patient": {**paper["patient"], "born": _day_of(paper["patient"]["born"])},
        "referral": {**referral, "written_on": _day_of(referral["written_on"])} if referral else None,
        "lines": [{**line, "date": _day_of(line["date"])} for line in paper["lines"]],
    }


def _day_of(iso: str) -> str:
    return day(date.fromisoformat(iso)) if iso else ""


def day(moment: date) -> str:
    """`24 Nov 2026`."""
    return f"{moment.day} {moment:%b %Y}"
