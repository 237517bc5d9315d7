"""What of card payments needs a person: raised once, and settled by somebody who says how."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from portal.audit import trail
from portal.billing.models import Invoice, OnlineTrouble
from portal.billing.refusals import ReasonMissing
from portal.common.access.actors import Actor
from portal.common.database.inserting import insert_or_ignore


def raise_once(
    kind: OnlineTrouble.Kind, *, about: str, invoice: Invoice | None, amount: Decimal | None, now: datetime
) -> bool:
    """Puts it before the desk, unless it was before; says whether it is new."""
    return insert_or_ignore(OnlineTrouble(kind=kind, about=about[:100], invoice=invoice, amount=amount, raised_at=now))


@transaction.atomic
def settle(*, trouble: OnlineTrouble, how: str, by: Actor, now: datetime) -> bool:
    """Says that somebody looked after it, and how; False where another did before. Raises ReasonMissing."""
    if not how.strip():
        raise ReasonMissing
    done = (
        OnlineTrouble.objects.open().filter(pk=trouble.pk).update(settled_at=now, settled_by=by.user, how=how.strip())
    )
    if done:
        trail.record("online_trouble.settled", by=by, target=trouble, at=now, trouble=trouble.kind)
    return bool(done)
