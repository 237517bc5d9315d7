"""An invoice on paper: its snapshot as it was issued, and the payments as they stand now."""

from __future__ import annotations

import logging
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.files.storage import default_storage
from django.utils import translation

from portal.billing import snapshot
from portal.billing.models import Invoice, InvoiceStatus
from portal.clinic.models import ClinicSettings
from portal.common.money import ZERO
from portal.common.paper.pdf import picture, render_pdf

log = logging.getLogger(__name__)

METHODS = {
    "card": "Card",
    "cash": "Cash",
    "transfer": "Bank transfer",
    "medicare": "Medicare",
    "stripe": "Card, online",
}


def invoice_pdf(invoice: Invoice) -> bytes:
    """The invoice as an A4 PDF. In English, whatever the reader's language: Medicare and the tax office read it."""
    with translation.override("en-au"):
        return render_pdf("pdf/invoice.html", context_of(invoice))


def context_of(invoice: Invoice) -> dict[str, Any]:
    """What the paper shows. A draft, or one voided as a draft, has no snapshot yet and shows what it would be."""
    paper = invoice.snapshot or snapshot.take(invoice, clinic=ClinicSettings.current(), referral=None)
    void = invoice.status == InvoiceStatus.VOID
    balance = invoice.balance
    allocations = invoice.allocations.select_related("payment").order_by("payment__recorded_at", "payment_id")
    return {
        "paper": _with_dates(paper),
        "logo": _logo(paper["clinic"]["logo"]),
        "stamp": _stamp(invoice),
        "paid": invoice.paid,
        "balance": balance,
        "has_gst": Decimal(paper["gst"]) != ZERO,
        "has_rebate": Decimal(paper["rebate"]) != ZERO,
        "void_reason": invoice.void_reason.rstrip(". ") if void else "",
        "receipts": [
            {
                "date": day(allocation.payment.received_on),
                "method": METHODS[allocation.payment.method],
                "number": allocation.payment.number,
                "amount": allocation.amount,
                "is_refund": allocation.payment.is_refund,
            }
            for allocation in allocations
        ],
    }


def filename(invoice: Invoice) -> str:
    """Nothing of whose it is: files lie about in downloads."""
    return f"{invoice.number}.pdf"


def _stamp(invoice: Invoice) -> str:
    match invoice.status:
        case InvoiceStatus.DRAFT:
            return "DRAFT"
        case InvoiceStatus.VOID:
            return "VOID"
    return "PAID IN FULL" if invoice.is_settled else ""


def _logo(name: str) -> str:
    if not name:
        return ""
    try:
        with default_storage.open(name) as file:
            return picture(file.read())
    except OSError:
        log.warning("the logo %s of an invoice is gone", name)
        return ""


def _with_dates(paper: dict[str, Any]) -> dict[str, Any]:
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
