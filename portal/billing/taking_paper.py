"""A receipt on paper: of one taking with its parts, of one payment, or of money that went back."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils import translation

from portal.billing import actions
from portal.billing.models import Payment
from portal.billing.paper import METHODS, day, logo_of
from portal.billing.snapshot import clinic_on_paper
from portal.clinic.models import ClinicSettings
from portal.common.money import ZERO
from portal.common.paper.pdf import render_pdf
from portal.patients.models import Patient


def receipt_pdf(parts: Sequence[Payment], *, patient: Patient) -> bytes:
    """The receipt as an A4 PDF, in English as the invoices are; call it outside a transaction that holds locks."""
    with translation.override("en-au"):
        return render_pdf("pdf/taking.html", facts_of(parts, patient=patient))


def facts_of(parts: Sequence[Payment], *, patient: Patient) -> dict[str, Any]:
    """What `pdf/taking.html` reads: what came as it was written, what it settles as it is now."""
    first, clinic = parts[0], ClinicSettings.current()
    total = sum((part.amount for part in parts), ZERO)
    settled = [] if total < 0 else actions.settled_by(parts)
    taking = first.taking
    place = first.location or (taking.location if taking else None)
    on_paper = clinic_on_paper(clinic)
    return {
        "paper": {
            "clinic": on_paper,
            "title": "Refund receipt" if total < 0 else "Receipt",
            "number": first.receipt,
            "patient": {"name": patient.legal_name},
            "place": place.name if place else clinic.name,
            "date": day(first.received_on),
        },
        "logo": logo_of(on_paper["logo"]),
        "stamp": "",
        "is_refund": total < 0,
        "parts": [
            {
                "method": METHODS[part.method],
                "words": part.reason if part.is_refund else part.reference,
                "amount": abs(part.amount),
            }
            for part in parts
        ],
        "settled": [
            {"number": invoice.number, "date": day(invoice.issued_on), "amount": amount, "balance": invoice.balance}
            for invoice, amount in settled
        ],
        "kept": _kept(parts) if total > 0 else ZERO,
        "handed": taking.handed if taking else None,
        "change": taking.change if taking else ZERO,
        "total": abs(total),
    }


def _kept(parts: Sequence[Payment]) -> Decimal:
    return sum((actions.kept_on(part) for part in parts), ZERO)
