"""What came in and went off an invoice, row by row, as its pages and its paper list it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from django.db.models import OuterRef, Subquery

from portal.billing.models import Allocation, Invoice, Payment
from portal.common.money import ZERO


class Kind(StrEnum):
    """What a movement did to its invoice: money that came, went back, or was counted here or elsewhere."""

    PAID = "paid"
    GIVEN_BACK = "given_back"
    MOVED_HERE = "moved_here"
    MOVED_AWAY = "moved_away"


@dataclass(frozen=True, slots=True)
class Movement:
    """Some of a payment, in dollars; a minus took it off. `left` is what of the payment settles the invoice by now."""

    payment: Payment
    amount: Decimal
    kind: Kind
    left: Decimal

    @property
    def taken_off(self) -> Decimal:
        """What it does to what is left to pay, in dollars: money that came has a minus, what went back has none."""
        return -self.amount


def movements_of(invoice: Invoice) -> list[Movement]:
    """In the order in which they came; one query, however many there are."""
    first = Allocation.objects.filter(payment=OuterRef("payment")).order_by("pk").values("invoice")[:1]
    rows = list(
        invoice.allocations.select_related("payment__received_by", "payment__reverses")
        .annotate(came_to=Subquery(first))
        .order_by("id")
    )
    left: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for row in rows:
        left[row.payment.reverses_id or row.payment_id] += row.amount
    found = []
    for row in rows:
        payment = row.payment
        if payment.is_refund:
            kind = Kind.GIVEN_BACK
        elif row.amount < 0:
            kind = Kind.MOVED_AWAY
        else:
            kind = Kind.PAID if row.came_to == invoice.pk else Kind.MOVED_HERE
        stands = kind in (Kind.PAID, Kind.MOVED_HERE)
        found.append(Movement(payment, row.amount, kind, max(ZERO, left[payment.pk]) if stands else ZERO))
    return found
