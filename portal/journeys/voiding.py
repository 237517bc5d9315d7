"""An invoice taken back: what it was for is to be billed again, or somebody says why not."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.db import transaction
from django_q.tasks import async_task

from portal.billing import actions as billing
from portal.billing.models import Invoice, PaymentAttempt, Purpose
from portal.common.access.actors import Actor
from portal.journeys.to_do import notices, sessions
from portal.notifications import outbox


@transaction.atomic
def void_invoice(*, invoice: Invoice, reason: str, by: Actor, now: datetime, seen: str | None = None) -> Invoice:
    """Voids it, withdraws e-mails of it that wait or failed, and puts the session on the desk's list.

    Raises PaidOn, NotPayable, ReasonMissing or ChangedMeanwhile.
    """
    voided = billing.void_invoice(invoice=invoice, reason=reason, by=by, now=now, seen=seen)
    gone = outbox.withdraw(about=voided, why="voided", now=now)
    notices.close(gone, outcome="withdrawn", by=by, now=now)
    if PaymentAttempt.objects.open().filter(invoice=voided).exists():
        # Nobody pays on a page of Stripe's that is still open; what was paid a moment before goes back.
        ended = partial(async_task, "portal.journeys.online.tasks.close_pages", voided.pk)
        transaction.on_commit(ended, robust=True)
    if voided.purpose == Purpose.SESSION and voided.appointment is not None:
        # Money that was paid ahead and left over counts again when the session is billed anew.
        sessions.look_again([voided.appointment], by=by, now=now)
        sessions.raise_not_billed(voided.appointment, by=by, now=now)
    elif voided.appointment is not None:
        # A fee that is asked for no longer is to be decided on again.
        sessions.raise_fee_undecided(voided.appointment, by=by, now=now)
    return voided
