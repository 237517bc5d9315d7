"""A fee charged to the card on file: written down first, asked of Stripe once, and found there if its answer is lost.

It is a try to pay as any other: of one invoice at most one is open, so nobody pays on a page what is being charged. It
is never sent a second time: where no answer came, Stripe's list says whether it was charged.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.db import transaction

from portal.audit import trail
from portal.billing.actions.amounts import check_seen
from portal.billing.actions.locking import lock_invoice
from portal.billing.models import FEES, AttemptStatus, InvoiceStatus, PaymentAttempt, SavedCard, Waiver
from portal.billing.models.online import CURRENCY
from portal.billing.models.saved_card import card_for
from portal.billing.online import settling
from portal.billing.online.attempts import Underway
from portal.billing.online.client import Declined, Refused, asking, is_live, is_on, noted
from portal.billing.online.consents import missing_for
from portal.billing.refusals import NotPayable, Waived
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.money import in_cents

if TYPE_CHECKING:
    from stripe import PaymentIntent

    from portal.billing.models import Invoice

# As long a charge whose answer was lost may take to stand in Stripe's list.
ANSWERED_WITHIN: Final = timedelta(minutes=10)


class NoCard(Exception):
    """The card that the page showed is not on file for this invoice, or not any more."""


class NotAgreed(Exception):
    """The fee follows a policy that whoever gave the card has not agreed to."""


def card_to_charge(invoice: Invoice, *, today: date) -> SavedCard | None:
    """The card on file that what is owing of this invoice may be charged to; None where there is none for it."""
    return card_for(invoice, today=today) if is_on() and _is_for_a_card(invoice) else None


def _is_for_a_card(invoice: Invoice) -> bool:
    """Whether a fee is owing of it that the patient or their carer is billed: all that a card is on file for."""
    is_theirs = invoice.payer_id is None and not invoice.bulk_billed
    is_owing = invoice.status == InvoiceStatus.ISSUED and invoice.balance > 0
    return is_theirs and is_owing and invoice.purpose in FEES


@transaction.atomic
def write(*, invoice: Invoice, card: SavedCard, seen: str, by: Actor, now: datetime) -> PaymentAttempt:
    """Writes down that what is owing is to be charged to the card; `send` charges it.

    Raises NotPayable where nothing is owing or it is no fee, Waived, Underway, NoCard, NotAgreed,
    and ChangedMeanwhile.
    """
    invoice = lock_invoice(invoice)
    if not _is_for_a_card(invoice):
        raise NotPayable
    check_seen(invoice, seen)
    if Waiver.objects.in_force().filter(appointment=invoice.appointment_id, purpose=invoice.purpose).exists():
        raise Waived
    if PaymentAttempt.objects.open().filter(invoice=invoice).exists():
        raise Underway
    # Held, so that it is not removed in the same moment.
    SavedCard.objects.select_for_update(of=("self",)).get(pk=card.pk)
    if card_for(invoice, today=ClinicSettings.current().today(now)) != card:
        raise NoCard
    if missing_for(card, invoice):
        raise NotAgreed
    attempt = PaymentAttempt.objects.create(
        invoice=invoice,
        card=card,
        amount=invoice.balance,
        came_by=PaymentAttempt.CameBy.CARD,
        language=card.language,
        created_at=now,
        created_by=by.user,
        expires_at=now + ANSWERED_WITHIN,
    )
    trail.record("online_payment.charged", by=by, target=invoice, at=now, amount_cents=in_cents(attempt.amount))
    return attempt


def send(attempt: PaymentAttempt, *, now: datetime) -> PaymentIntent:
    """Has Stripe charge it. Raises what `asking` raises; a refusal has ended the try by then."""
    card, name = attempt.card, f"Invoice {attempt.invoice.number if attempt.invoice else ''}"
    if card is None:
        raise TypeError("only a card on file is charged")
    try:
        with asking() as stripe:
            return stripe.v1.payment_intents.create(
                {
                    "amount": in_cents(attempt.amount),
                    "currency": CURRENCY,
                    "customer": card.customer,
                    "payment_method": card.payment_method,
                    "off_session": True,
                    "confirm": True,
                    "description": name,
                    "metadata": {"attempt": str(attempt.code)},
                },
                {"idempotency_key": f"attempt:{attempt.code}"},
            )
    except (Declined, Refused) as refusal:
        _ended(attempt, refusal.code, now=now)
        raise


def found(attempt: PaymentAttempt) -> PaymentIntent | None:
    """The charge of a try whose answer was lost, by Stripe's own list; None where it never got there."""
    if attempt.card is None:
        raise TypeError("only a card on file is charged")
    with asking() as stripe:
        asked = stripe.v1.payment_intents.list({"customer": attempt.card.customer, "limit": 100})
        return next((each for each in asked.auto_paging_iter() if noted(each, "attempt") == attempt.code), None)


def apply(attempt: PaymentAttempt, intent: PaymentIntent | None, *, now: datetime) -> PaymentAttempt:
    """Writes down what came of a charge, once."""
    if attempt.status == AttemptStatus.PAID:
        return attempt
    if intent is not None and intent.status == "succeeded":
        return settling.paid(attempt, odd=_differs(attempt, intent), intent=intent.id, now=now)
    if intent is None and now < attempt.expires_at:
        return attempt
    if intent is None or intent.status in ("requires_payment_method", "requires_action", "canceled"):
        return _ended(attempt, "declined" if intent else "not_reached", now=now)
    return attempt


def _differs(attempt: PaymentAttempt, intent: PaymentIntent) -> str:
    if intent.currency != CURRENCY:
        return "currency"
    if intent.amount_received != in_cents(attempt.amount):
        return "amount"
    if bool(intent.livemode) != is_live():
        return "account"
    return ""


@transaction.atomic
def _ended(attempt: PaymentAttempt, why: str, *, now: datetime) -> PaymentAttempt:
    """Nothing was charged; the invoice is owing as before."""
    if attempt.invoice is not None:
        lock_invoice(attempt.invoice)
    ended = PaymentAttempt.objects.open().filter(pk=attempt.pk)
    if ended.update(status=AttemptStatus.EXPIRED, closed_at=now, declined=why[:40]):
        trail.record("online_payment.declined", by=settling.STRIPE, target=attempt.invoice, at=now)
    return PaymentAttempt.objects.select_related("invoice", "card").get(pk=attempt.pk)
