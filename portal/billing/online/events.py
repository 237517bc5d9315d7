"""Stripe's messages: each is checked, kept once, and handled by looking at what it is about."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from typing import Final

from django.conf import settings
from django.db import transaction
from django_q.tasks import async_task

from portal.billing.models import StripeEvent
from portal.billing.online.client import NotConfigured, is_on
from portal.common.database.inserting import insert_or_ignore

# Seconds after which a message is too old to be believed: one that was overheard is worth nothing later.
OLDEST: Final = 300
HANDLES: Final = "portal.journeys.online.tasks.handle_event"


class Forged(Exception):
    """The message does not carry Stripe's signature, or is too old, or is none."""


def receive(body: bytes, signature: str, *, now: datetime) -> StripeEvent:
    """Checks a message, keeps it and has it handled; one that came before is the row of then. Raises Forged."""
    if not is_on():
        raise NotConfigured
    import stripe

    try:
        stripe.WebhookSignature.verify_header(body, signature, settings.STRIPE_WEBHOOK_SECRET, OLDEST)
        said = json.loads(body)
        event = StripeEvent(
            event_id=str(said["id"])[:100],
            kind=str(said["type"])[:80],
            object_id=str(said["data"]["object"].get("id") or "")[:100],
            happened_at=datetime.fromtimestamp(int(said["created"]), UTC),
            received_at=now,
        )
    except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as odd:
        raise Forged from odd
    if said.get("account"):
        # Of another account than the clinic's own.
        raise Forged
    return keep(event)


@transaction.atomic
def keep(event: StripeEvent) -> StripeEvent:
    if not insert_or_ignore(event):
        return StripeEvent.objects.get(event_id=event.event_id)
    transaction.on_commit(partial(async_task, HANDLES, event.pk), robust=True)
    return event


def handled(event: StripeEvent, outcome: str, *, now: datetime) -> None:
    """Says what came of a message; said once."""
    StripeEvent.objects.filter(pk=event.pk, handled_at=None).update(handled_at=now, outcome=outcome)
