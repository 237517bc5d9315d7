"""Money back to the card that it came from: asked for once, sent under a key of its own, followed to its end."""

from __future__ import annotations

import logging
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.db.models import Sum

from portal.audit import trail
from portal.billing.actions.amounts import check_amount, check_seen
from portal.billing.actions.locking import lock_invoice
from portal.billing.actions.refunds import off_the_account, refund_payment
from portal.billing.actions.rows import refundable, write_payment
from portal.billing.models import Allocation, Invoice, InvoiceStatus, Method, Payment, RefundStatus, StripeRefund
from portal.billing.online.client import Refused, asking, noted
from portal.billing.online.settling import STRIPE
from portal.billing.refusals import KeyReused, NotRefundable
from portal.common.access.actors import Actor
from portal.common.money import ZERO, cents, in_cents

if TYPE_CHECKING:
    from stripe import Refund

logger = logging.getLogger(__name__)

# What Stripe calls the states of a refund, in ours. What needs the payer's hand never comes of a card.
_STATES: Final = {
    "pending": RefundStatus.PENDING,
    "requires_action": RefundStatus.PENDING,
    "succeeded": RefundStatus.DONE,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.FAILED,
}


def goes_to_card(payment: Payment) -> bool:
    """Whether a payment came by Stripe, so that its money goes back the same way."""
    return payment.method == Method.STRIPE and payment.reverses_id is None and payment.reference.startswith("pi_")


def under_way(payment: Payment) -> Decimal:
    """What of a payment is on its way back already, in dollars."""
    rows = StripeRefund.objects.under_way().filter(payment=payment).aggregate(sum=Sum("amount"))
    return rows["sum"] or ZERO


@transaction.atomic
def ask(
    *,
    payment: Payment,
    invoice: Invoice,
    amount: Decimal,
    reason: str = "",
    key: str,
    by: Actor,
    now: datetime,
    seen: str | None = None,
) -> StripeRefund:
    """Writes down that money is to go back to the card; `send` sends it. Asked again with `key` it is asked once.

    Raises NotRefundable (with what is left) where more is asked than the payment still settles of the invoice and is
    not on its way back already, KeyReused, WrongAmount, and ChangedMeanwhile.
    """
    invoice = lock_invoice(invoice)
    if earlier := StripeRefund.objects.filter(code=key).first():
        if earlier.payment_id != payment.pk or earlier.amount != amount:
            raise KeyReused
        return earlier
    check_seen(invoice, seen)
    check_amount(amount)
    if not goes_to_card(payment) or invoice.status != InvoiceStatus.ISSUED:
        raise NotRefundable(ZERO)
    left = refundable(payment=payment, invoice=invoice) - under_way(payment)
    if amount > left:
        raise NotRefundable(left)
    asked = StripeRefund.objects.create(
        code=key,
        payment=payment,
        invoice=invoice,
        amount=amount,
        why=StripeRefund.Why.DESK,
        reason=reason.strip(),
        created_at=now,
        created_by=by.user,
        changed_at=now,
    )
    trail.record(
        "card_refund.asked",
        by=by,
        target=payment,
        at=now,
        invoice=str(invoice.code),
        amount_cents=in_cents(amount),
    )
    return asked


def send(refund: StripeRefund, *, now: datetime) -> StripeRefund:
    """Has Stripe send the money, or asks how far it is; sent twice it goes back once. Raises what `asking` raises."""
    try:
        with asking() as stripe:
            if refund.stripe_id:
                answer = stripe.v1.refunds.retrieve(refund.stripe_id)
            else:
                answer = stripe.v1.refunds.create(
                    {
                        "payment_intent": refund.payment.reference,
                        "amount": in_cents(refund.amount),
                        "metadata": {"refund": str(refund.code)},
                    },
                    {"idempotency_key": f"refund:{refund.code}"},
                )
    except Refused as refusal:
        logger.warning("Stripe will not send a refund: %s", refusal.code)
        return _refused(refund, now=now)
    return apply(refund, answer, now=now)


@transaction.atomic
def _refused(refund: StripeRefund, *, now: datetime) -> StripeRefund:
    """Stripe will not send it, such as money that was given back in its own pages already."""
    changed = StripeRefund.objects.filter(pk=refund.pk, status=RefundStatus.ASKED).update(
        status=RefundStatus.FAILED, changed_at=now
    )
    if changed:
        trail.record("card_refund.failed", by=STRIPE, target=refund.payment, at=now)
    refund.refresh_from_db()
    return refund


@transaction.atomic
def apply(refund: StripeRefund, answer: Refund, *, now: datetime) -> StripeRefund:
    """Writes down how far a refund is, by what Stripe just said; a state that is behind ours changes nothing."""
    if refund.invoice_id is not None:
        lock_invoice(Invoice(pk=refund.invoice_id))
    refund = StripeRefund.objects.select_for_update(of=("self",)).select_related("payment", "invoice").get(pk=refund.pk)
    state = _STATES.get(answer.status or "", RefundStatus.PENDING)
    if not refund.stripe_id:
        StripeRefund.objects.filter(pk=refund.pk).update(stripe_id=answer.id)
        refund.stripe_id = answer.id
    match refund.status, state:
        case (RefundStatus.ASKED, RefundStatus.PENDING):
            _move(refund, RefundStatus.PENDING, now=now)
        case (RefundStatus.ASKED | RefundStatus.PENDING, RefundStatus.DONE):
            _done(refund, now=now)
        case (RefundStatus.ASKED | RefundStatus.PENDING, RefundStatus.FAILED):
            _move(refund, RefundStatus.FAILED, now=now)
            trail.record("card_refund.failed", by=STRIPE, target=refund.payment, at=now)
        case (RefundStatus.DONE, RefundStatus.FAILED):
            _came_back(refund, now=now)
    return refund


def known(answer: Refund) -> StripeRefund | None:
    """Our row of a refund of Stripe's, by its name or, where its answer to us was lost, by our own."""
    rows = StripeRefund.objects.select_related("payment", "invoice")
    if row := rows.filter(stripe_id=answer.id).first():
        return row
    code = noted(answer, "refund")
    return rows.filter(code=code, stripe_id="").first() if code else None


@transaction.atomic
def made_at_stripe(answer: Refund, *, now: datetime) -> StripeRefund | None:
    """A row for a refund that somebody made in Stripe's own pages; None where it is of nothing of ours, or too much."""
    intent = answer.payment_intent
    name = intent if isinstance(intent, str) else getattr(intent, "id", "")
    payment = Payment.objects.filter(key=f"stripe:{name}").first()
    if payment is None:
        return None
    amount = cents(Decimal(answer.amount) / 100)
    for invoice in Invoice.objects.filter(allocations__payment=payment).distinct().order_by("pk"):
        invoice = lock_invoice(invoice)
        # Of two messages at once the second waited here, and sees what the first made.
        if row := known(answer):
            return row
        if refundable(payment=payment, invoice=invoice) - under_way(payment) >= amount:
            # Under Stripe's name from the first, so that nobody ever sends it.
            return StripeRefund.objects.create(
                stripe_id=answer.id,
                payment=payment,
                invoice=invoice,
                amount=amount,
                why=StripeRefund.Why.AT_STRIPE,
                created_at=now,
                changed_at=now,
            )
    return None


def _move(refund: StripeRefund, status: RefundStatus, *, now: datetime) -> None:
    StripeRefund.objects.filter(pk=refund.pk).update(status=status, changed_at=now)
    refund.status = status


def _done(refund: StripeRefund, *, now: datetime) -> None:
    """Puts it in the books: a row with a minus that reverses the payment."""
    key = f"stripe-refund:{refund.code}"
    if refund.invoice is not None:
        row = refund_payment(
            payment=refund.payment,
            invoice=refund.invoice,
            amount=refund.amount,
            reason=refund.reason or str(refund.get_why_display()),
            method=Method.STRIPE,
            reference=refund.stripe_id,
            key=key,
            by=Actor(user=refund.created_by, role="reception") if refund.created_by else STRIPE,
            now=now,
        )
    else:
        row = off_the_account(
            refund.payment,
            refund.amount,
            method=Method.STRIPE,
            key=key,
            reason=refund.reason or str(refund.get_why_display()),
            reference=refund.stripe_id,
            by=Actor(user=refund.created_by, role="reception") if refund.created_by else STRIPE,
            now=now,
        )
    StripeRefund.objects.filter(pk=refund.pk).update(status=RefundStatus.DONE, refund=row, changed_at=now)
    refund.status, refund.refund = RefundStatus.DONE, row


def _came_back(refund: StripeRefund, *, now: datetime) -> None:
    """A card that is closed sends money back, days later: it is the clinic's again, and a person gives it back."""
    whose = refund.payment.patient
    if whose is None:
        raise NotRefundable(ZERO)
    row = write_payment(
        patient=whose,
        amount=refund.amount,
        method=Method.STRIPE,
        paid_by=refund.payment.paid_by,
        key=f"stripe-returned:{refund.code}",
        reference=refund.stripe_id,
        reason="The refund did not reach the card",
        corrects=refund.refund,
        by=STRIPE,
        now=now,
    )
    if refund.invoice is not None and refund.invoice.status == InvoiceStatus.ISSUED:
        fits = min(refund.amount, lock_invoice(refund.invoice).balance)
        if fits > 0:
            Allocation.objects.create(payment=row, invoice=refund.invoice, amount=fits)
    trail.record(
        "payment.recorded",
        by=STRIPE,
        target=row,
        at=now,
        amount_cents=in_cents(refund.amount),
        method=row.method,
        received_on=row.received_on,
    )
    StripeRefund.objects.filter(pk=refund.pk).update(status=RefundStatus.RETURNED, returned=row, changed_at=now)
    refund.status, refund.returned = RefundStatus.RETURNED, row
