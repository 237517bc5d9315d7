"""Money that arrives by card: into the books, and word to whoever paid. However often it is looked at, once."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import override
from django_q.tasks import async_task

from portal.billing.models import AttemptStatus, Invoice, Payment, PaymentAttempt, RefundStatus, StripeRefund
from portal.billing.online import attempts, refunds, settling
from portal.common.access.actors import Actor
from portal.common.money import ZERO
from portal.journeys.checking_out import reader_of
from portal.notifications import outbox
from portal.notifications.recipients import Recipient


def begin(*, invoice: Invoice, came_by: str, language: str, by: Actor, now: datetime) -> PaymentAttempt:
    """Opens Stripe's page for what is owing by `attempts.begin`, and raises what that does."""
    return attempts.begin(
        invoice=invoice,
        came_by=came_by,
        language=language,
        addresses=_addresses,
        look=partial(look, now=now),
        by=by,
        now=now,
    )


def _addresses(attempt: PaymentAttempt) -> tuple[str, str]:
    """Where the payer comes back to: the same for everybody who pays by this try, in the language it began in."""
    with override(attempt.language):
        back = settings.PORTAL_BASE_URL + reverse("public:back_from_paying", args=[attempt.code])
    return back, f"{back}?stopped=1"


def look(attempt: PaymentAttempt, *, now: datetime) -> PaymentAttempt:
    """Asks Stripe what became of a try and does what follows. Raises what `asking` raises."""
    if attempt.status == AttemptStatus.PAID:
        return attempt
    page = settling.fetch(attempt)
    with transaction.atomic():
        fresh = settling.apply(attempt, page, now=now)
        if fresh.payment is not None:
            back = StripeRefund.objects.filter(payment=fresh.payment, invoice=None).first()
            tell_paid(fresh.invoice, fresh.payment, back=back)
            if back is not None and back.status == RefundStatus.ASKED:
                send_soon(back)
    return fresh


def tell_paid(invoice: Invoice, payment: Payment, *, back: StripeRefund | None = None) -> None:
    """Queues word of money that arrived, to whoever is billed; once for each payment."""
    reader = reader_of(invoice)
    if reader is None:
        return
    invoice.refresh_from_db(fields=["paid", "payable", "status"])
    with override(reader.language):
        link = settings.PORTAL_BASE_URL + reverse("patient:invoice", args=[invoice.number])
    outbox.queue(
        template="payment_received",
        to=(to := Recipient.by_email(reader.address)),
        context={
            "called": reader.called,
            "whose": reader.about,
            "number": invoice.number,
            "receipt": payment.number,
            "amount": payment.amount,
            "balance": invoice.balance,
            "back": back.amount if back else ZERO,
            "link": link,
        },
        dedupe_key=f"payment_received:{payment.code}:{to.digest}",
        language=reader.language,
        about=invoice,
    )


def send_soon(refund: StripeRefund) -> None:
    """Has the queue send a refund once the transaction stands; the round sends what it did not."""
    transaction.on_commit(partial(async_task, "portal.journeys.online.tasks.send_refund", refund.pk), robust=True)


def send_refund(refund: StripeRefund, *, now: datetime) -> StripeRefund:
    """Sends a refund to its card, or asks how far it is. Raises what `asking` raises."""
    return refunds.send(refund, now=now)
