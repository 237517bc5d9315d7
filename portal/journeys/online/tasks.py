"""What the queue does about money that moves online. Each may run twice, late or never: the rounds make up for it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.billing.models import AttemptStatus, PaymentAttempt, SavedCard, StripeEvent, StripeRefund
from portal.billing.online import attempts, cards, events
from portal.billing.online.client import NotReached, OnlineRefused, asking, is_on
from portal.journeys.online import arriving, reconciling

logger = logging.getLogger(__name__)
M = TypeVar("M", bound=models.Model)

# A message that was taken and not handled by then is handled by the round.
LATE: Final = timedelta(minutes=2)
MANY: Final = 200


def handle_event(event_id: int) -> None:
    """Does what follows from one message of Stripe's; what it says is asked afresh."""
    event, now = StripeEvent.objects.get(pk=event_id), timezone.now()
    if event.handled_at is None:
        _handle(event, now=now)


def _handle(event: StripeEvent, *, now: datetime) -> None:
    name = event.object_id
    outcome = "ignored"
    if name and (attempt := PaymentAttempt.objects.select_related("invoice").filter(session_id=name).first()):
        fresh = arriving.look(attempt, now=now)
        outcome = "odd" if fresh.odd and fresh.status != AttemptStatus.PAID else f"attempt_{fresh.status}"
    elif name and (refund := StripeRefund.objects.select_related("payment").filter(stripe_id=name).first()):
        outcome = f"refund_{arriving.send_refund(refund, now=now).status}"
    elif event.kind.startswith("refund.") and name:
        with asking() as stripe:
            answer = stripe.v1.refunds.retrieve(name)
        outcome = f"refund_{seen.status}" if (seen := arriving.refund_seen(answer, now=now)) else "unknown"
    elif name and (card := SavedCard.objects.filter(Q(session_id=name) | Q(setup_intent=name)).first()):
        outcome = "card_saved" if cards.look(card, now=now).saved_at else "card_not_saved"
    elif event.kind == "payment_method.detached" and (card := SavedCard.objects.filter(payment_method=name).first()):
        outcome = "card_removed" if cards.look_whether_it_is_there(card, now=now).removed_at else "card_there"
    elif event.kind == "charge.dispute.created" and name:
        arriving.disputed(name, now=now)
        outcome = "disputed"
    events.handled(event, outcome, now=now)


def look_at_attempt(attempt_id: int) -> None:
    """Asks Stripe about a try whose payer is back, whether or not its message has come."""
    arriving.look(PaymentAttempt.objects.select_related("invoice").get(pk=attempt_id), now=timezone.now())


def close_pages(invoice_id: int) -> None:
    """Ends what is open at Stripe to pay an invoice that was taken back."""
    now = timezone.now()
    for attempt in PaymentAttempt.objects.open().filter(invoice=invoice_id, card=None).select_related("invoice"):
        attempts.close(attempt, look=partial(arriving.look, now=now))


def look_at_card(card_id: int) -> None:
    """Asks Stripe about a card whose giver is back from its page."""
    cards.look(SavedCard.objects.get(pk=card_id), now=timezone.now())


def send_refund(refund_id: int) -> None:
    arriving.send_refund(StripeRefund.objects.select_related("payment").get(pk=refund_id), now=timezone.now())


def go_round() -> int:
    """Every five minutes: messages not handled, pages that are over, cards to let go, refunds; says how many."""
    if not is_on():
        return 0
    now = timezone.now()
    waiting = StripeEvent.objects.filter(handled_at=None, received_at__lte=now - LATE)[:MANY]
    over = PaymentAttempt.objects.to_look_at(now=now).select_related("invoice", "card")[:MANY]
    unsaved = SavedCard.objects.begun().filter(expires_at__lte=now)[:MANY]
    going = StripeRefund.objects.under_way().filter(created_at__lte=now - LATE).select_related("payment")[:MANY]
    return (
        _each(waiting, lambda event: _handle(event, now=now))
        + _each(over, lambda attempt: arriving.look(attempt, now=now))
        + _each(unsaved, lambda card: cards.look(card, now=now))
        + _each(SavedCard.objects.to_detach()[:MANY], lambda card: cards.detach(card, now=now))
        + _each(going, lambda refund: arriving.send_refund(refund, now=now))
    )


def reconcile() -> None:
    """Each night: compares our books with Stripe's."""
    if is_on():
        reconciling.reconcile(now=timezone.now())


def _each(things: Iterable[M], do: Callable[[M], object]) -> int:
    """Does it for each. What Stripe refuses stops nobody else's; while it can't be reached, all wait."""
    done = 0
    for thing in things:
        try:
            do(thing)
        except NotReached:
            return done
        except OnlineRefused:
            logger.exception("Stripe refused what was asked of %s", thing._meta.label)
        else:
            done += 1
    return done
