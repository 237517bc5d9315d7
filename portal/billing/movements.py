"""What came in and went off an invoice, row by row, as its pages and its paper list it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from portal.billing.models import Allocation, Invoice, Method, Payment, StripeRefund
from portal.billing.models.payment import AT_THE_DESK
from portal.common.database.compiled import compiled
from portal.common.money import ZERO


class Kind(StrEnum):
    """What a movement did to its invoice: money that came, went back, or was counted here or elsewhere."""

    PAID = "paid"
    GIVEN_BACK = "given_back"
    MOVED_HERE = "moved_here"
    MOVED_AWAY = "moved_away"
    # It settles nothing by now: it is on the account.
    KEPT = "kept"
    # It was written down wrong: taken back by one row, and said anew by another.
    TAKEN_BACK = "taken_back"
    SAID_ANEW = "said_anew"


@dataclass(frozen=True, slots=True)
class Movement:
    """Some of a payment, in dollars; a minus took it off. `left` is what of the payment settles the invoice by now."""

    payment: Payment
    amount: Decimal
    kind: Kind
    left: Decimal

    @property
    def is_correctable(self) -> bool:
        """Whether what stands of it can be said anew: it was written down by hand."""
        return bool(self.left) and self.payment.method in AT_THE_DESK

    @property
    def is_refundable(self) -> bool:
        """Whether the desk may give back what stands of it: Medicare's money goes back by its claim."""
        return bool(self.left) and self.payment.method != Method.MEDICARE

    @property
    def taken_off(self) -> Decimal:
        """What it does to what is left to pay, in dollars: money that came has a minus, what went back has none."""
        return -self.amount


def movements_of(invoice: Invoice) -> list[Movement]:
    """In the order in which they came; one query, however many there are."""
    rows: list[Any] = _allocated(invoice.pk)
    left: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for row in rows:
        left[row.payment.reverses_id or row.payment_id] += row.amount
    found = []
    for row in rows:
        payment = row.payment
        if payment.is_refund:
            kind = Kind.TAKEN_BACK if payment.is_correction else Kind.GIVEN_BACK
        elif row.amount < 0:
            kind = Kind.MOVED_AWAY if row.went_on else Kind.KEPT
        elif payment.is_correction:
            kind = Kind.SAID_ANEW
        else:
            kind = Kind.MOVED_HERE if row.moved else Kind.PAID
        stands = kind in (Kind.PAID, Kind.MOVED_HERE, Kind.SAID_ANEW)
        found.append(Movement(payment, row.amount, kind, max(ZERO, left[payment.pk]) if stands else ZERO))
    return found


@compiled
def _allocated(invoice: int) -> QuerySet[Allocation]:
    """What settles it, with what came of the same payment before and after."""
    of_payment = Allocation.objects.filter(payment=OuterRef("payment"))
    rows = Allocation.objects.filter(invoice=invoice).select_related(
        "payment__received_by", "payment__reverses", "payment__corrects", "payment__taking"
    )
    moved = Exists(of_payment.filter(pk__lt=OuterRef("pk"), amount__lt=0))
    went_on = Exists(of_payment.filter(pk__gt=OuterRef("pk"), amount__gt=0))
    return rows.annotate(moved=moved, went_on=went_on).order_by("id")


def surplus_of(invoice: Invoice) -> list[StripeRefund]:
    """What was paid by card to an invoice that had less left to pay by then, or none: it never settled it."""
    rows = StripeRefund.objects.filter(invoice=None, payment__attempt__invoice=invoice)
    return list(rows.select_related("payment", "refund"))
