"""Money that goes back, or is kept: from an invoice, from money paid ahead, from an account.

What goes back to a card by Stripe is asked for and followed in `billing/online/refunds.py`, which writes it down here.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from portal.audit import trail
from portal.billing.actions.account import lock_account
from portal.billing.actions.amounts import check_amount, check_seen
from portal.billing.actions.credits import credit_line
from portal.billing.actions.drawing import draw_soon
from portal.billing.actions.locking import lock_invoice
from portal.billing.actions.rows import by_key, place_of, refundable, the_same, write_payment
from portal.billing.claim_states import ClaimStatus
from portal.billing.models import (
    Allocation,
    Invoice,
    InvoiceStatus,
    MedicareClaim,
    Method,
    Payment,
    Purpose,
    StripeRefund,
)
from portal.billing.refusals import ClaimApproved, KeyReused, NotRefundable, ReasonMissing
from portal.clinic.models import Location
from portal.common.access.actors import Actor
from portal.common.money import ZERO, in_cents
from portal.patients.models import Patient


@transaction.atomic
def refund_payment(
    *,
    payment: Payment,
    invoice: Invoice,
    amount: Decimal,
    reason: str,
    key: str,
    by: Actor,
    now: datetime,
    method: str | None = None,
    reference: str = "",
    received_on: date | None = None,
    location: Location | None = None,
    seen: str | None = None,
) -> Payment:
    """Gives back `amount` dollars of a payment on an invoice, as a new row with a minus; idempotent by `key`.

    What was paid ahead and goes back is not owing again. Raises NotRefundable (with what is left)
    when more is asked than that payment still settles of that invoice, ReasonMissing, and ChangedMeanwhile as
    `record_payment` does. By hand it is given out of the drawer where it was taken, unless `location` says another.
    Raises ClaimApproved for what Medicare paid for a claim that stands: it goes back as the claim is rejected.
    """
    invoice = lock_invoice(invoice)
    if earlier := by_key(key):
        return the_same(earlier, invoice, -amount)
    check_left(payment=payment, invoice=invoice, amount=amount, seen=seen)
    if paid := approved_by(payment):
        raise ClaimApproved(paid)
    if not reason.strip():
        raise ReasonMissing
    how = method or payment.method
    refund = write_payment(
        patient=invoice.patient,
        amount=-amount,
        method=how,
        paid_by=payment.paid_by,
        key=key,
        by=by,
        now=now,
        reference=reference,
        reason=reason,
        received_on=received_on,
        location=place_of(how, location or payment.location or invoice.location),
        reverses=payment,
    )
    Allocation.objects.create(payment=refund, invoice=invoice, amount=-amount)
    invoice.refresh_from_db(fields=["paid"])
    draw_soon(invoice)
    trail.record(
        "payment.refunded",
        by=by,
        target=refund,
        at=now,
        invoice=str(invoice.code),
        payment=str(payment.code),
        amount_cents=in_cents(amount),
    )
    ask_no_more_of(invoice, key=f"back:{refund.code}", reason="Given back", by=by, now=now)
    return refund


def approved_by(payment: Payment) -> MedicareClaim | None:
    """The claim that stands approved and by which Medicare paid this: its money goes back to Medicare alone."""
    if payment.method != Method.MEDICARE:
        return None
    return MedicareClaim.objects.filter(status=ClaimStatus.APPROVED, steps__payment=payment).first()


def may_be_kept(payment: Payment, invoice: Invoice) -> bool:
    """Whether what a payment settles of an invoice may stay on the account of whom the invoice is about.

    A payer's money is on nobody's account, and neither is Medicare's; what is on its way to its card is gone.
    """
    if invoice.payer_id is not None or invoice.bulk_billed or payment.method == Method.MEDICARE:
        return False
    return not StripeRefund.objects.under_way().filter(payment=payment).exists()


def check_left(*, payment: Payment, invoice: Invoice, amount: Decimal, seen: str | None) -> None:
    """Raises what stands in the way of taking so much of a payment off a locked invoice."""
    check_seen(invoice, seen)
    check_amount(amount)
    if payment.reverses_id is not None or invoice.status != InvoiceStatus.ISSUED:
        raise NotRefundable(ZERO)
    left = refundable(payment=payment, invoice=invoice)
    if amount > left:
        raise NotRefundable(left)


def is_asked_for_again(invoice: Invoice) -> bool:
    """Whether what is given back on an invoice is owing again: money paid ahead was never a debt."""
    return invoice.purpose != Purpose.DEPOSIT


def ask_no_more_of(invoice: Invoice, *, key: str, reason: str, by: Actor, now: datetime) -> None:
    """Takes what is owing off an invoice for money paid ahead, once money went off it; others are owing again."""
    if not is_asked_for_again(invoice) and invoice.balance:
        credit_line(line=invoice.lines.get(), amount=invoice.balance, reason=reason, key=key, by=by, now=now)


@transaction.atomic
def keep_on_account(
    *, payment: Payment, invoice: Invoice, amount: Decimal, by: Actor, now: datetime, seen: str | None = None
) -> None:
    """Takes `amount` dollars of a payment off an invoice, and keeps them on the account.

    Raises NotRefundable (with what is left) when more is asked than that payment still settles of that invoice, or a
    payer or Medicare is billed, and ChangedMeanwhile where the invoice is not as it was `seen`.
    """
    invoice = lock_invoice(invoice)
    check_left(payment=payment, invoice=invoice, amount=amount, seen=seen)
    if not may_be_kept(payment, invoice):
        raise NotRefundable(ZERO)
    Allocation.objects.create(payment=payment, invoice=invoice, amount=-amount)
    invoice.refresh_from_db(fields=["paid"])
    draw_soon(invoice)
    trail.record(
        "payment.kept", by=by, target=payment, at=now, invoice=str(invoice.code), amount_cents=in_cents(amount)
    )
    last = payment.allocations.latest("pk")
    ask_no_more_of(invoice, key=f"kept:{last.pk}", reason="Kept on the account", by=by, now=now)


@transaction.atomic
def refund_account(
    *,
    patient: Patient,
    amount: Decimal,
    method: str,
    reason: str,
    key: str,
    location: Location | None,
    by: Actor,
    now: datetime,
    reference: str = "",
    received_on: date | None = None,
) -> list[Payment]:
    """Gives back `amount` dollars of what is on somebody's account, what came first of it first; idempotent by `key`.

    Raises NotRefundable (with what is on the account) when it is less, ReasonMissing, WrongAmount and KeyReused.
    """
    kept = lock_account(patient)
    earlier = list(Payment.objects.filter(key__startswith=f"{key}:", patient=patient).order_by("pk"))
    if earlier:
        if -sum(row.amount for row in earlier) != amount:
            raise KeyReused
        return earlier
    check_amount(amount)
    if amount > (most := sum((one.left for one in kept), ZERO)):
        raise NotRefundable(most)
    if not reason.strip():
        raise ReasonMissing
    refunds: list[Payment] = []
    left = amount
    for payment, there in kept:
        part = min(there, left)
        if part <= 0:
            break
        refund = off_the_account(
            payment,
            part,
            method=method,
            key=f"{key}:{len(refunds) + 1}",
            reason=reason,
            reference=reference,
            received_on=received_on,
            location=place_of(method, location),
            by=by,
            now=now,
        )
        refunds.append(refund)
        left -= part
    return refunds


def off_the_account(
    payment: Payment,
    amount: Decimal,
    *,
    method: str,
    key: str,
    reason: str,
    by: Actor,
    now: datetime,
    reference: str = "",
    received_on: date | None = None,
    location: Location | None = None,
) -> Payment:
    """Gives back what of one payment is on the account; the database refuses more than there is."""
    if payment.patient is None:
        raise NotRefundable(ZERO)
    refund = write_payment(
        patient=payment.patient,
        amount=-amount,
        method=method,
        paid_by=payment.paid_by,
        key=key,
        by=by,
        now=now,
        reference=reference,
        reason=reason,
        received_on=received_on,
        location=location,
        reverses=payment,
        from_account=amount,
    )
    trail.record(
        "payment.refunded", by=by, target=refund, at=now, payment=str(payment.code), amount_cents=in_cents(amount)
    )
    return refund
