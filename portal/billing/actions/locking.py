"""What is held until the transaction ends, in this order: sessions by their ids, invoices by theirs, then payments."""

from __future__ import annotations

from collections.abc import Iterable

from portal.appointments.models import Appointment
from portal.billing.models import Invoice, Payment


def lock_session(appointment: Appointment) -> Appointment:
    """The session as it stands now: of two who bill it, the second sees what the first did."""
    return (
        Appointment.objects.select_for_update(of=("self",))
        .select_related("service", "psychologist__user", "patient__user", "location")
        .get(pk=appointment.pk)
    )


def lock_sessions_of(invoices: Iterable[Invoice]) -> None:
    """The sessions that these are for, by their ids: what is decided about their money by where they stand stays so."""
    sessions = {invoice.appointment_id for invoice in invoices if invoice.appointment_id is not None}
    if sessions:
        list(Appointment.objects.select_for_update().filter(pk__in=sessions).order_by("pk").values_list("pk"))


def lock_invoice(invoice: Invoice) -> Invoice:
    """The invoice as it stands now: whoever comes second sees what the first did."""
    return lock_invoices(invoice)[invoice.pk]


def lock_invoices(*invoices: Invoice) -> dict[int, Invoice]:
    """Several, by their ids."""
    rows = (
        Invoice.objects.select_for_update(of=("self",))
        .select_related("patient", "psychologist__user", "location", "payer")
        .filter(pk__in=[invoice.pk for invoice in invoices])
        .order_by("pk")
    )
    return {row.pk: row for row in rows}


def lock_payments(payments: Iterable[Payment]) -> None:
    """Several, by their ids, after the invoices: whoever uses what is left of them does so one after the other."""
    ids = {payment.pk for payment in payments}
    if ids:
        list(Payment.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk").values_list("pk"))
