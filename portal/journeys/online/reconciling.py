"""Our books compared with Stripe's: what its messages missed is put in, and what nobody can explain is shown.

It reads Stripe's own lists, so it finds what no try of ours knows of. It goes back further than a night, as Stripe
sends a message again for three days; what was compared before is found to be so and changes nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from portal.billing.models import (
    AttemptStatus,
    OnlineTrouble,
    Payment,
    PaymentAttempt,
    Reconciliation,
    RefundStatus,
    StripeRefund,
)
from portal.billing.online import troubles
from portal.billing.online.client import asking, noted
from portal.journeys.online import arriving

if TYPE_CHECKING:
    from stripe import PaymentIntent, Refund

BACK: Final = timedelta(days=4)
# Of what is younger a message may still come by itself.
YOUNG: Final = timedelta(minutes=10)


def reconcile(*, now: datetime) -> Reconciliation:
    """Compares once, and keeps the result. Raises what `asking` raises; what was found until then stays."""
    run = Reconciliation.objects.create(began_at=now, since=now - BACK)
    before = OnlineTrouble.objects.count()
    with asking() as stripe:
        since = int(run.since.timestamp())
        payments = list(stripe.v1.payment_intents.list({"created": {"gte": since}, "limit": 100}).auto_paging_iter())
        refunds = list(stripe.v1.refunds.list({"created": {"gte": since}, "limit": 100}).auto_paging_iter())
    for attempt in PaymentAttempt.objects.to_look_at(now=now).select_related("invoice"):
        run.found_payments += arriving.look(attempt, now=now).status == AttemptStatus.PAID
    for intent in payments:
        if intent.status == "succeeded":
            run.payments += 1
            run.found_payments += _payment(intent, now=now)
    for refund in refunds:
        run.refunds += 1
        run.found_refunds += _refund(refund, now=now)
    run.troubles = OnlineTrouble.objects.count() - before
    run.ended_at = now
    run.save(update_fields=["payments", "refunds", "found_payments", "found_refunds", "troubles", "ended_at"])
    return run


def _payment(intent: PaymentIntent, *, now: datetime) -> bool:
    """Whether the books did not have it until now."""
    if Payment.objects.filter(key=f"stripe:{intent.id}").exists():
        return False
    if code := noted(intent, "attempt"):
        attempt = PaymentAttempt.objects.select_related("invoice").filter(code=code).first()
        if attempt is not None and arriving.look(attempt, now=now).payment_intent == intent.id:
            return True
    if now - datetime.fromtimestamp(intent.created, now.tzinfo) > YOUNG:
        amount = Decimal(intent.amount_received) / 100
        troubles.raise_once(OnlineTrouble.Kind.UNKNOWN_PAYMENT, about=intent.id, invoice=None, amount=amount, now=now)
    return False


def _refund(refund: Refund, *, now: datetime) -> bool:
    """Whether the books did not have it so until now."""
    known = StripeRefund.objects.filter(stripe_id=refund.id).first()
    before = RefundStatus(known.status) if known else None
    after = arriving.refund_seen(refund, now=now)
    return after is not None and RefundStatus(after.status) != before
