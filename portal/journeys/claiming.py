"""What Medicare answered, with what follows at the desk: a bulk-billed claim that is rejected waits for somebody."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from portal.billing import actions as billing
from portal.billing.models import MedicareClaim
from portal.common.access.actors import Actor
from portal.journeys.to_do import sessions


@transaction.atomic
def reject(
    *, claim: MedicareClaim, reason: str, decided_on: date, seen: int | None = None, by: Actor, now: datetime
) -> MedicareClaim:
    """Writes down by `billing.reject_claim` that Medicare pays nothing, and raises what that does."""
    rejected = billing.reject_claim(claim=claim, reason=reason, decided_on=decided_on, seen=seen, by=by, now=now)
    if (session := rejected.line.invoice.appointment) is not None:
        sessions.raise_bulk_rejected(session, by=by, now=now)
    return rejected


@transaction.atomic
def again(*, claim: MedicareClaim, seen: int | None = None, by: Actor, now: datetime) -> MedicareClaim:
    """Puts it back among those to be claimed by `billing.claim_again`, and raises what that does."""
    claimed = billing.claim_again(claim=claim, seen=seen, by=by, now=now)
    if (session := claimed.line.invoice.appointment) is not None:
        sessions.look_again([session], by=by, now=now)
    return claimed
