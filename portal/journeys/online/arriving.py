"""Money that arrives by card: into the books, and word to whoever paid. However often it is looked at, once."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import override
from django_q.tasks import async_task

from portal.accounts.models import User
from portal.billing import charges
from portal.billing.models import (
    AttemptStatus,
    Invoice,
    InvoiceStatus,
    OnlineTrouble,
    Payment,
    PaymentAttempt,
    Purpose,
    RefundStatus,
    StripeRefund,
)
from portal.billing.online import attempts, cards, charging, refunds, settling, troubles
from portal.billing.online.client import OnlineRefused, asking
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.money import ZERO
from portal.journeys.mailing import reader_of
from portal.journeys.online import ahead
from portal.journeys.online.addresses import ways_back
from portal.notifications import outbox

if TYPE_CHECKING:
    from stripe import PaymentIntent, Refund


def begin(*, invoice: Invoice, came_by: str, language: str, by: Actor, now: datetime) -> PaymentAttempt:
    """Opens Stripe's page for what is owing by `attempts.begin`, and raises what that does."""
    return attempts.begin(
        invoice=invoice,
        came_by=came_by,
        language=language,
        addresses=ways_back,
        look=partial(look, now=now),
        by=by,
        now=now,
    )


def look(attempt: PaymentAttempt, *, now: datetime) -> PaymentAttempt:
    """Asks Stripe what became of a try and does what follows. Raises what `asking` raises."""
    if attempt.status == AttemptStatus.PAID:
        return attempt
    if attempt.card_id is not None:
        return charged(attempt, charging.found(attempt), now=now)
    page = settling.fetch(attempt)
    if attempt.invoice_id is None:
        done = _booked(ahead.settle(attempt, page, now=now), now=now)
        _keep_card(done, now=now)
        return done
    with transaction.atomic():
        return _settled(settling.apply(attempt, page, now=now), now=now)


def _keep_card(attempt: PaymentAttempt, *, now: datetime) -> None:
    """Puts on file the card that it was paid with, where somebody agreed to that; the round does what fails here."""
    if attempt.status != AttemptStatus.OPEN and (card := cards.begun_on(attempt.session_id)):
        with suppress(OnlineRefused):
            cards.look(card, now=now)


def charged(attempt: PaymentAttempt, intent: PaymentIntent | None, *, now: datetime) -> PaymentAttempt:
    """Writes down what came of a charge to a card on file, and tells whoever it was charged to."""
    with transaction.atomic():
        return _settled(charging.apply(attempt, intent, now=now), now=now)


def _settled(fresh: PaymentAttempt, *, now: datetime) -> PaymentAttempt:
    """What follows once an invoice was paid: a receipt, and back to the card what was more than is owing."""
    _look_at_odd(fresh, now=now)
    if fresh.payment is not None and fresh.invoice is not None:
        back = StripeRefund.objects.filter(payment=fresh.payment, invoice=None).first()
        tell_paid(fresh.invoice, fresh.payment, back=back)
        if back is not None and back.status == RefundStatus.ASKED:
            send_soon(back)
    return fresh


def _look_at_odd(attempt: PaymentAttempt, *, now: datetime) -> None:
    """Puts a payment that does not fit before the desk."""
    if attempt.odd and attempt.status != AttemptStatus.PAID:
        about = attempt.session_id or str(attempt.code)
        troubles.raise_once(
            OnlineTrouble.Kind.ODD, about=about, invoice=attempt.invoice, amount=attempt.amount, now=now
        )


@transaction.atomic
def _booked(attempt: PaymentAttempt, *, now: datetime) -> PaymentAttempt:
    """What follows once a session was paid ahead: a receipt, or all of the money back to the card."""
    _look_at_odd(attempt, now=now)
    if attempt.payment is not None:
        back = StripeRefund.objects.filter(payment=attempt.payment, invoice=None).first()
        deposit = Invoice.objects.filter(allocations__payment=attempt.payment).first()
        if deposit is not None:
            tell_paid(deposit, attempt.payment, back=back)
        if back is not None and back.status == RefundStatus.ASKED:
            send_soon(back)
    return attempt


def tell_paid(invoice: Invoice, payment: Payment, *, back: StripeRefund | None = None) -> None:
    """Queues word of money that arrived, to whoever is billed; once for each payment."""
    reader = reader_of(invoice)
    if reader is None:
        return
    invoice.refresh_from_db(fields=["paid", "payable", "status"])
    with override(reader.language):
        link = settings.PORTAL_BASE_URL + reverse("patient:invoice", args=[invoice.number])
    # Whoever pays by the mailed link alone has no pages here to see it on.
    has_pages = invoice.payer_id is None and User.objects.filter(email=reader.address, is_active=True).exists()
    outbox.queue(
        template="payment_received",
        to=reader.to("payment_received"),
        context={
            "called": reader.called,
            "whose": reader.about,
            "number": invoice.number,
            "receipt": payment.number,
            "amount": payment.amount,
            "balance": invoice.balance,
            "back": back.amount if back else ZERO,
            "rest": _rest_of(invoice),
            "is_void": invoice.status == InvoiceStatus.VOID,
            "link": link if has_pages else "",
        },
        dedupe_key=f"payment_received:{payment.code}:{reader.digest}",
        language=reader.language,
        hours=reader.hours(zone=ClinicSettings.current().zone),
        about=invoice,
    )


def _rest_of(invoice: Invoice) -> Decimal:
    """What is paid on the day of the session that money ahead was for, in dollars."""
    session = invoice.appointment
    if invoice.purpose != Purpose.DEPOSIT or session is None or not session.is_open:
        return ZERO
    return max(charges.price_of(session, clinic=ClinicSettings.current()) - invoice.paid, ZERO)


def send_soon(refund: StripeRefund) -> None:
    """Has the queue send a refund once the transaction stands; the round sends what it did not."""
    transaction.on_commit(partial(async_task, "portal.journeys.online.tasks.send_refund", refund.pk), robust=True)


def send_refund(refund: StripeRefund, *, now: datetime) -> StripeRefund:
    """Sends a refund to its card, or asks how far it is. Raises what `asking` raises."""
    return _followed(refunds.send(refund, now=now), now=now)


def _followed(refund: StripeRefund, *, now: datetime) -> StripeRefund:
    """What did not arrive is for a person to give back another way."""
    kind = {
        RefundStatus.FAILED: OnlineTrouble.Kind.REFUND_FAILED,
        RefundStatus.RETURNED: OnlineTrouble.Kind.REFUND_RETURNED,
    }.get(RefundStatus(refund.status))
    if kind is not None:
        invoice = refund.invoice or Invoice.objects.filter(attempts__payment=refund.payment).first()
        troubles.raise_once(kind, about=str(refund.code), invoice=invoice, amount=refund.amount, now=now)
    return refund


def refund_seen(answer: Refund, *, now: datetime) -> StripeRefund | None:
    """Writes down how far a refund is that Stripe tells of, one that somebody made in Stripe's own pages included.

    None where it is of no payment of ours, or takes back more than its invoice has of it: a person looks then.
    """
    refund = refunds.known(answer) or refunds.made_at_stripe(answer, now=now)
    if refund is None:
        amount = Decimal(answer.amount) / 100
        troubles.raise_once(OnlineTrouble.Kind.UNKNOWN_REFUND, about=answer.id, invoice=None, amount=amount, now=now)
        return None
    return _followed(refunds.apply(refund, answer, now=now), now=now)


def disputed(name: str, *, now: datetime) -> None:
    """Puts before the desk that a payer disputes a payment: Stripe wants an answer within days."""
    with asking() as stripe:
        dispute = stripe.v1.disputes.retrieve(name)
    intent = dispute.payment_intent
    key = f"stripe:{intent if isinstance(intent, str) else getattr(intent, 'id', '')}"
    invoice = Invoice.objects.filter(allocations__payment__key=key).first()
    amount = Decimal(dispute.amount) / 100
    troubles.raise_once(OnlineTrouble.Kind.DISPUTE, about=name, invoice=invoice, amount=amount, now=now)
