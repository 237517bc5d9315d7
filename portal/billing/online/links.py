"""Links to one bill, mailed with it: they need no sign-in, show no more than the bill, end, and can be taken back."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from portal.audit import trail
from portal.billing.models import BillLink, Invoice
from portal.common.access.actors import Actor

# Most people who pay at all pay within the quarter; whoever is later signs in, or asks for the invoice again.
LASTS: Final = timedelta(days=90)


def make(*, invoice: Invoice, by: Actor, now: datetime) -> str:
    """Makes a link, in the caller's transaction, and returns its token, of which only a hash is kept."""
    token = secrets.token_urlsafe(32)
    BillLink.objects.create(
        invoice=invoice,
        token_hash=BillLink.hash_of(token),
        created_at=now,
        created_by=by.user,
        expires_at=now + LASTS,
    )
    return token


@transaction.atomic
def revoke(*, invoice: Invoice, by: Actor, now: datetime) -> int:
    """Takes back every link of an invoice that still opens it, and says how many those were."""
    taken = BillLink.objects.in_force(now=now).filter(invoice=invoice).update(revoked_at=now, revoked_by=by.user)
    if taken:
        trail.record("bill_link.revoked", by=by, target=invoice, at=now, links=taken)
    return taken
