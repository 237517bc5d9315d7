"""Where what a void invoice was for is billed anew."""

from __future__ import annotations

from django.urls import reverse

from portal.billing.models import FEES, Invoice, InvoiceStatus, Purpose


def address(invoice: Invoice) -> str:
    """Where what a void invoice was for is billed anew; empty where it can't be, or was."""
    session = invoice.appointment
    if invoice.status != InvoiceStatus.VOID or session is None:
        return ""
    if Invoice.objects.live().filter(appointment=session).for_purpose(invoice.purpose).exists():
        return ""
    if invoice.purpose == Purpose.SESSION and session.is_completed:
        return reverse("reception:check_out", args=[session.code])
    if invoice.purpose in FEES and not session.is_open and not session.is_completed:
        return reverse("reception:fee", args=[session.code])
    return ""
