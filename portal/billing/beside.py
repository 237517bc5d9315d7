"""What few invoices have besides their lines and payments: one statement says which of it there is to be read."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, QuerySet

from portal.billing.models import (
    BillLink,
    CreditNote,
    Dispatch,
    Invoice,
    MedicareClaim,
    PaymentAttempt,
    StripeRefund,
)
from portal.common.database.compiled import compiled


class Beside(NamedTuple):
    """Whether an invoice has credit notes, claims, was handed out, has card refunds that came too late to settle it or
    are on their way, a charge of a card on file, and a mailed link that still opens it."""

    notes: bool
    claims: bool
    handed_out: bool
    surplus: bool
    going: bool
    charge: bool
    link: bool


def beside(invoice: Invoice, *, now: datetime) -> Beside:
    """What there is of one invoice, by one narrow look into each table."""
    return Beside(*_beside(invoice.pk, now=now)[0])


@compiled
def _beside(invoice: int, *, now: datetime) -> QuerySet[Invoice, tuple[Any, ...]]:
    of_it = {"invoice": OuterRef("pk")}
    there = {
        "has_notes": CreditNote.objects.filter(**of_it),
        "has_claims": MedicareClaim.objects.filter(line__invoice=OuterRef("pk")),
        "was_handed_out": Dispatch.objects.filter(**of_it),
        "has_surplus": StripeRefund.objects.filter(invoice=None, payment__attempt__invoice=OuterRef("pk")),
        "has_going": StripeRefund.objects.under_way().filter(**of_it),
        "has_charge": PaymentAttempt.objects.filter(card__isnull=False, **of_it),
        "has_link": BillLink.objects.in_force(now=now).filter(**of_it),
    }
    found = Invoice.objects.order_by().filter(pk=invoice)
    return found.annotate(**{name: Exists(rows.order_by()) for name, rows in there.items()}).values_list(*there)
