"""A receipt on paper: of one taking with its parts, of one payment, or of money that went back. All have one design."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, Sum
from django.utils import translation

from portal.billing import actions
from portal.billing.models import Allocation, Invoice, Line, Payer, Payment, Taking
from portal.billing.models.invoice import InvoiceQuerySet
from portal.billing.paper import METHODS, day, logo_of
from portal.billing.snapshot import InvoiceOnPaper, clinic_on_paper
from portal.clinic.models import ClinicSettings
from portal.common.money import ZERO, cents
from portal.common.paper.pdf import render_pdf
from portal.patients.models import Patient


def receipt_pdf(
    parts: Sequence[Payment], *, patient: Patient, among: InvoiceQuerySet, taking: Taking | None = None
) -> bytes:
    """The receipt as an A4 PDF, in English as the invoices are; call it outside a transaction that holds locks.

    It names no invoice but those `among`, which whoever asks may see, and of money that settles others too no more
    than their part. `taking` is what the parts are stated by, unless they are its own.
    """
    with translation.override("en-au"):
        return render_pdf("pdf/receipt.html", facts_of(parts, patient=patient, among=among, taking=taking))


def facts_of(
    parts: Sequence[Payment], *, patient: Patient, among: InvoiceQuerySet, taking: Taking | None = None
) -> dict[str, Any]:
    """What `pdf/receipt.html` reads: what came as it was written, what it settles as it is now."""
    first, clinic = parts[0], ClinicSettings.current()
    anew = {part.pk: part.said_anew for part in parts}
    is_refund = first.is_refund
    own = Allocation.objects.filter(payment__in=parts, invoice__in=among.order_by().values("pk"))
    sums = {pk: cents(all_ or ZERO) for pk, all_ in own.order_by().values_list("invoice").annotate(Sum("amount"))}
    invoices = list(Invoice.objects.filter(pk__in=sums).select_related("location").order_by("issued_on", "pk"))
    # Counted elsewhere since: it is still what was paid for the first.
    settled = [invoice for invoice in invoices if sums[invoice.pk]]
    about: InvoiceOnPaper | None = next((one.snapshot for one in settled or invoices), None)
    on_paper = about["clinic"] if about else clinic_on_paper(clinic)
    is_part = Allocation.objects.filter(payment__in=parts).exclude(invoice__in=among.order_by().values("pk")).exists()
    if taking is None and first.taking and len(parts) == first.taking.parts.count():
        taking = first.taking
    newest = taking.newest if taking else None
    place = first.location or (first.taking.location if first.taking else None)
    return {
        "paper": {
            "clinic": on_paper,
            "title": "Correction"
            if is_refund and first.is_correction
            else "Refund receipt"
            if is_refund
            else "Receipt",
            "number": number_of(parts, taking=taking),
            "from": first.paid_by or (about["bill_to"]["name"] if about else patient.legal_name),
            "practice": about["practice"]["name"] if about else place.name if place else on_paper["name"],
            "address": about["practice"]["address"] if about else "",
            "date": day(first.received_on),
        },
        "logo": logo_of(on_paper["logo"]),
        "stamp": f"Replaced by {newest.number}"
        if newest and newest != taking
        else f"Corrected by {' and '.join(new.receipt for new in anew.values() if new)}"
        if any(anew.values())
        else "",
        "replaces": taking.replaces.number if taking and taking.replaces else "",
        "is_refund": is_refund,
        "may_claim": not is_refund and _may_claim(settled),
        "is_correction": is_refund and first.is_correction,
        "parts": [
            {
                "method": METHODS.get(part.method, part.get_method_display()),
                "words": f"Corrected by {new.receipt}"
                if (new := anew[part.pk])
                else part.reason
                if part.is_refund
                else part.reference,
                # Said where not all of it came on the day of the receipt.
                "date": "" if part.received_on == first.received_on else day(part.received_on),
                "amount": abs(sum(sums.values(), ZERO)) if is_part and len(parts) == 1 else abs(part.amount),
            }
            for part in parts
        ],
        "settled": [
            {
                "number": invoice.number,
                "patient": _patient_on(invoice),
                "date": day(invoice.issued_on),
                "amount": abs(sums[invoice.pk]),
                "balance": invoice.balance,
            }
            for invoice in settled
        ],
        "kept": ZERO if is_refund or is_part else sum((actions.kept_on(part) for part in parts), ZERO),
        "handed": taking.handed if taking else None,
        "change": taking.change if taking else ZERO,
        "total": abs(sum(sums.values(), ZERO) if is_part else sum((part.amount for part in parts), ZERO)),
    }


def number_of(parts: Sequence[Payment], *, taking: Taking | None = None) -> str:
    """What the receipt is called: by its taking, where it says more than one payment."""
    if taking is not None:
        return taking.number
    return parts[0].receipt if len(parts) > 1 else parts[0].number


def _may_claim(settled: Sequence[Invoice]) -> bool:
    """Whether whoever paid gets something back from Medicare: for an item, billed to the patient or their family."""
    family = Q(invoice__payer=None) | Q(invoice__payer__kind=Payer.Kind.PERSON)
    return Line.objects.filter(family, invoice__in=settled, invoice__bulk_billed=False).exclude(item_number="").exists()


def _patient_on(invoice: Invoice) -> str:
    """Whom an invoice was about, by the name of its day."""
    paper: InvoiceOnPaper | None = invoice.snapshot
    return paper["patient"]["name"] if paper else ""
