"""What is on somebody's account: money of theirs that settles no invoice. It is used before new money is asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from portal.audit import trail
from portal.billing.actions.drawing import draw_soon
from portal.billing.actions.locking import lock_payments
from portal.billing.models import Allocation, Invoice, Payment, StripeRefund
from portal.billing.models.online import StripeRefundQuerySet
from portal.common.access.actors import Actor
from portal.common.database.compiled import compiled
from portal.common.money import ZERO, cents, in_cents
from portal.patients.models import Patient


class OnAccount(NamedTuple):
    """A payment, and what of it settles no invoice and was not given back, in dollars."""

    payment: Payment
    left: Decimal


def on_account(*patients: Patient) -> Decimal:
    """What these people have on their accounts, in dollars."""
    found = ZERO
    for came, settles, gone in _sums({patient.pk for patient in patients}):
        # SQLite adds up binary fractions.
        found += cents(came or ZERO) - cents(settles or ZERO) - cents(gone or ZERO)
    return found


@compiled
def _sums(patients: Collection[int]) -> QuerySet[Patient, tuple[Decimal | None, Decimal | None, Decimal | None]]:
    """What came of each, what of it settles something, and what is on its way back."""

    def total(rows: QuerySet[Any], whose: str) -> Subquery:
        own = rows.order_by().filter(**{whose: OuterRef("pk")}).values(whose)
        return Subquery(own.annotate(sum=Sum("amount")).values("sum"))

    came = total(Payment.objects.all(), "patient")
    settles = total(Allocation.objects.all(), "payment__patient")
    gone = total(_on_its_way(), "payment__patient")
    return Patient.objects.order_by().filter(pk__in=patients).values_list(came, settles, gone)


def _on_its_way() -> StripeRefundQuerySet:
    """What settles nothing and is asked back to its card: nobody uses it meanwhile."""
    return StripeRefund.objects.under_way().filter(invoice=None)


def kept_of(patient: Patient) -> list[OnAccount]:
    """The payments that have something left on the account, oldest first."""
    if not on_account(patient):
        return []
    came = Payment.objects.filter(patient=patient, reverses__isnull=True).order_by("recorded_at", "pk")
    return [kept for kept in _left_of(came) if kept.left > 0]


def kept_on(payment: Payment) -> Decimal:
    """What of one payment is on the account, in dollars."""
    return next((kept.left for kept in _left_of([payment])), ZERO)


def _left_of(payments: Iterable[Payment]) -> list[OnAccount]:
    found = list(payments)
    brought = {payment.pk: payment.amount for payment in found}
    family = Coalesce(F("payment__reverses"), F("payment"))
    gone = Payment.objects.filter(reverses__in=brought).order_by().values_list("reverses").annotate(Sum("amount"))
    settles = (
        Allocation.objects.annotate(family=family)
        .filter(family__in=brought)
        .order_by()
        .values_list("family")
        .annotate(Sum("amount"))
    )
    for pk, amount in gone:
        brought[pk] += cents(amount)
    leaving = _on_its_way().filter(payment__in=brought).order_by().values_list("payment").annotate(Sum("amount"))
    for pk, amount in leaving:
        brought[pk] -= cents(amount)
    for pk, amount in settles:
        brought[pk] -= cents(amount)
    return [OnAccount(payment, brought[payment.pk]) for payment in found]


def lock_account(patient: Patient) -> list[OnAccount]:
    """What is on the account, held until the transaction ends; call it after the invoices are locked."""
    lock_payments(kept.payment for kept in kept_of(patient))
    # Asked again: whoever was first has used it.
    return kept_of(patient)


def settle_from(kept: Sequence[OnAccount], *, invoice: Invoice, most: Decimal, by: Actor, now: datetime) -> Decimal:
    """Lets what is on a locked account settle a locked invoice, oldest first; returns how much of `most` it was."""
    used = ZERO
    for payment, left in kept:
        amount = min(left, most - used)
        if amount <= 0:
            continue
        Allocation.objects.create(payment=payment, invoice=invoice, amount=amount)
        used += amount
        trail.record(
            "payment.used", by=by, target=payment, at=now, invoice=str(invoice.code), amount_cents=in_cents(amount)
        )
    if used:
        invoice.refresh_from_db(fields=["paid"])
        draw_soon(invoice)
    return used
