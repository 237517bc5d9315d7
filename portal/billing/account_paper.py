"""A receipt and a statement of account on paper, in English as all that the clinic prints."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Sum
from django.utils import translation

from portal.billing.models import Allocation, Invoice, Payment
from portal.billing.models.invoice import InvoiceQuerySet
from portal.billing.paper import METHODS, day, logo_of
from portal.billing.snapshot import InvoiceOnPaper, clinic_on_paper
from portal.billing.statements import (
    BILLED,
    CORRECTED,
    GIVEN_BACK,
    OF_MONEY,
    PAID,
    TAKEN_OFF,
    WRITTEN_OFF,
    Statement,
)
from portal.clinic.models import ClinicSettings
from portal.common.paper.pdf import render_pdf

_KINDS = {
    BILLED: "Invoice",
    TAKEN_OFF: "Credit note",
    WRITTEN_OFF: "Written off",
    PAID: "Payment",
    GIVEN_BACK: "Refund",
    CORRECTED: "Correction of a payment",
}


def receipt_pdf(payment: Payment, *, among: InvoiceQuerySet) -> bytes:
    """What was paid, when, where and for which invoices: one receipt for one payment, whatever it settles.

    It names no invoice but those `among`, which whoever asks may see.
    """
    visible = among.order_by().values("pk")
    own = Allocation.objects.filter(payment=payment, invoice__in=visible).order_by("invoice")
    sums = {pk: amount for pk, amount in own.values_list("invoice").annotate(all=Sum("amount")) if amount}
    invoices = list(Invoice.objects.filter(pk__in=sums).select_related("location").order_by("pk"))
    first = own.order_by("pk").select_related("invoice").first()
    if not invoices and first:
        # Counted elsewhere since, or given back: it is still what was paid for the first.
        invoices = [first.invoice]
    paper: InvoiceOnPaper | None = invoices[0].snapshot if invoices else None
    clinic = paper["clinic"] if paper else clinic_on_paper(ClinicSettings.current())
    settles_others = payment.allocations.exclude(invoice__in=visible).exists()
    context = {
        "paper": {
            "title": "Refund" if payment.is_refund else "Receipt",
            "number": payment.number,
            "clinic": clinic,
            "practice": paper["practice"] if paper else None,
            "from": paper["bill_to"]["name"] if paper else payment.patient.legal_name if payment.patient else "",
        },
        "logo": logo_of(clinic["logo"]),
        "stamp": "",
        "day": day(payment.received_on),
        "method": METHODS.get(payment.method, payment.get_method_display()),
        "reference": payment.reference,
        # Of money that settles what others see too, only their own part.
        "amount": abs(sum(sums.values())) if settles_others else abs(payment.amount),
        "rows": [
            {
                "number": invoice.number,
                "patient": _patient_on(invoice),
                "issued": day(invoice.issued_on),
                "amount": abs(sums[invoice.pk]),
            }
            for invoice in invoices
            if invoice.pk in sums
        ],
    }
    with translation.override("en-au"):
        return render_pdf("pdf/receipt.html", context)


def _patient_on(invoice: Invoice) -> str:
    """Whom an invoice was about, by the name of its day."""
    paper: InvoiceOnPaper | None = invoice.snapshot
    return paper["patient"]["name"] if paper else ""


def statement_pdf(statement: Statement, *, name: str, address: str, today: date) -> bytes:
    """A statement of account for whoever is named."""
    clinic = clinic_on_paper(ClinicSettings.current())
    context = {
        "paper": {"title": "Statement", "number": "", "clinic": clinic},
        "logo": logo_of(clinic["logo"]),
        "stamp": "",
        "name": name,
        "address": address,
        "printed": day(today),
        "since": day(statement.since),
        "until": day(statement.until),
        "statement": statement,
        "rows": rows_in_words(statement),
    }
    with translation.override("en-au"):
        return render_pdf("pdf/statement.html", context)


def rows_in_words(statement: Statement) -> list[dict[str, Any]]:
    """The rows as the paper says them."""
    return [
        {
            "day": day(entry.day),
            "what": _KINDS[entry.kind],
            "number": entry.number,
            "about": METHODS.get(entry.about, entry.about) if entry.kind in OF_MONEY else entry.about,
            "charged": entry.amount if entry.kind == BILLED else None,
            "paid": entry.amount if entry.kind != BILLED else None,
            "balance": entry.balance,
        }
        for entry in statement.entries
    ]
