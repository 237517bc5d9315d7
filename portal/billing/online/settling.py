"""What became of a try: asked of Stripe afresh, compared with our invoice, and then written down once.

However often this is done, by messages, by somebody coming back from Stripe's page or by the nightly round, in whatever
order, the money is in the books once.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction

from portal.audit import trail
from portal.billing.actions.drawing import draw_soon
from portal.billing.actions.locking import lock_invoice
from portal.billing.actions.rows import write_payment
from portal.billing.models import (
    Allocation,
    AttemptStatus,
    Invoice,
    InvoiceStatus,
    Method,
    Payment,
    PaymentAttempt,
    StripeRefund,
)
from portal.billing.models.online import CURRENCY
from portal.billing.online.client import asking, is_live
from portal.common.access.actors import Actor
from portal.common.money import ZERO, in_cents
from portal.patients.models import Patient

if TYPE_CHECKING:
    from stripe.checkout import Session

STRIPE: Final = Actor.system("stripe")


def fetch(attempt: PaymentAttempt) -> Session | None:
    """Stripe's page of a try, as it is now; None where none was ever handed out. Raises what `asking` raises."""
    if not attempt.session_id:
        return None
    with asking() as stripe:
        return stripe.v1.checkout.sessions.retrieve(attempt.session_id)


def apply(attempt: PaymentAttempt, page: Session | None, *, now: datetime) -> PaymentAttempt:
    """Writes down what a page of Stripe's, just fetched, says of its try, and returns the try as it is then.

    Where no page was handed out nobody can have paid on it.
    """
    if attempt.status == AttemptStatus.PAID:
        return attempt
    if page is not None and page.payment_status == "paid":
        odd = differs(attempt, page)
        return paid(attempt, odd=odd, intent="" if odd else intent_of(page), now=now)
    if page is None or page.status == "expired":
        return _expired(attempt, now=now)
    return attempt


@transaction.atomic
def _expired(attempt: PaymentAttempt, *, now: datetime) -> PaymentAttempt:
    if attempt.invoice is not None:
        lock_invoice(attempt.invoice)
    PaymentAttempt.objects.filter(pk=attempt.pk, status=AttemptStatus.OPEN).update(
        status=AttemptStatus.EXPIRED, closed_at=now
    )
    return PaymentAttempt.objects.select_related("invoice").get(pk=attempt.pk)


@transaction.atomic
def paid(attempt: PaymentAttempt, *, odd: str, intent: str, now: datetime) -> PaymentAttempt:
    """Takes the money into the books: what is owing settles the invoice, the rest goes back to the card.

    `odd` is how Stripe's answer does not fit the try, as one word; then nothing is booked.
    """
    if attempt.invoice is None:
        raise TypeError("a booking is settled by journeys.online.ahead")
    invoice = lock_invoice(attempt.invoice)
    attempt = PaymentAttempt.objects.select_for_update(of=("self",)).select_related("invoice").get(pk=attempt.pk)
    if attempt.status == AttemptStatus.PAID:
        return attempt
    if odd:
        PaymentAttempt.objects.filter(pk=attempt.pk).update(odd=odd)
        attempt.odd = odd
        return attempt
    payment = take(invoice, patient=invoice.patient, amount=attempt.amount, intent=intent, now=now)
    PaymentAttempt.objects.filter(pk=attempt.pk).update(
        status=AttemptStatus.PAID, closed_at=now, payment=payment, payment_intent=intent
    )
    attempt.refresh_from_db()
    return attempt


def differs(attempt: PaymentAttempt, page: Session) -> str:
    """How a page of Stripe's is not that of this try, as one word; empty where all of it fits."""
    if page.client_reference_id != str(attempt.code):
        return "reference"
    if page.currency != CURRENCY:
        return "currency"
    if page.amount_total != in_cents(attempt.amount):
        return "amount"
    if bool(page.livemode) != is_live():
        return "account"
    if not page.payment_intent:
        return "intent"
    return ""


def intent_of(page: Session) -> str:
    """Stripe's name of the money that was paid on a page."""
    intent: Any = page.payment_intent
    return intent if isinstance(intent, str) else str(intent.id)


def take(
    invoice: Invoice | None,
    *,
    patient: Patient,
    amount: Decimal,
    intent: str,
    now: datetime,
    why: StripeRefund.Why = StripeRefund.Why.PAID_TWICE,
) -> Payment:
    """Writes down money that arrived for an invoice that is locked. All of it is in the books, whatever is owing.

    Somebody may have paid at the desk meanwhile: what is more than is owing is asked back to the card at once.
    """
    payment = write_payment(
        patient=patient,
        amount=amount,
        method=Method.STRIPE,
        paid_by=invoice.bill_to_name if invoice is not None else patient.legal_name,
        reference=intent,
        key=f"stripe:{intent}",
        by=STRIPE,
        now=now,
    )
    settles = ZERO
    if invoice is not None and invoice.status == InvoiceStatus.ISSUED:
        settles = min(amount, invoice.balance)
    if invoice is not None and settles > 0:
        # The database adds it to what the invoice says is paid.
        Allocation.objects.create(payment=payment, invoice=invoice, amount=settles)
        draw_soon(invoice)
    trail.record(
        "payment.recorded",
        by=STRIPE,
        target=payment,
        at=now,
        amount_cents=in_cents(amount),
        method=payment.method,
        received_on=payment.received_on,
        **({"invoice": str(invoice.code)} if invoice is not None else {}),
    )
    if amount > settles:
        StripeRefund.objects.create(
            payment=payment,
            amount=amount - settles,
            why=why,
            created_at=now,
            changed_at=now,
        )
    return payment
