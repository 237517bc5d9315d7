"""A row of money as it is written, and what of it settles an invoice."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q, Sum

from portal.billing.actions.numbering import numbered
from portal.billing.models import Allocation, Invoice, Payment
from portal.billing.models.payment import AT_THE_DESK
from portal.billing.refusals import KeyReused
from portal.clinic.models import ClinicSettings, Location
from portal.common.access.actors import Actor
from portal.common.money import ZERO, cents
from portal.patients.models import Patient


def write_payment(
    *,
    patient: Patient,
    amount: Decimal,
    method: str,
    paid_by: str | None,
    key: str,
    by: Actor,
    now: datetime,
    received_on: date | None = None,
    location: Location | None = None,
    number: str = "",
    reference: str = "",
    reason: str = "",
    **more: Any,
) -> Payment:
    """Writes one down, by a receipt number of its own unless it is a part of a taking; the day is today unless said."""
    values = {
        "patient": patient,
        "amount": amount,
        "method": method,
        "received_on": received_on or ClinicSettings.current().today(now),
        "recorded_at": now,
        "received_by": by.user,
        "location": location,
        "paid_by": paid_by or None,
        "reference": reference.strip(),
        "reason": reason.strip(),
        "key": key,
        **more,
    }
    if number:
        return Payment.objects.create(number=number, **values)
    return numbered(Payment, "RCT", **values)


def place_of(method: str, location: Location | None) -> Location | None:
    """Where money lies that is taken by hand; what comes by machine lies nowhere."""
    return location if method in AT_THE_DESK else None


def by_key(key: str) -> Payment | None:
    """What was written with this key before."""
    return Payment.objects.filter(key=key).first()


def the_same(payment: Payment, invoice: Invoice, amount: Decimal) -> Payment:
    """What the same page wrote when it was sent before; raises KeyReused where it was something else."""
    if payment.amount != amount or not payment.allocations.filter(invoice=invoice).exists():
        raise KeyReused
    return payment


def refundable(*, payment: Payment, invoice: Invoice) -> Decimal:
    """What of a payment, less what went back, still settles the invoice, in dollars."""
    rows = Allocation.objects.filter(Q(payment=payment) | Q(payment__reverses=payment), invoice=invoice)
    return cents(rows.aggregate(left=Sum("amount"))["left"] or ZERO)
