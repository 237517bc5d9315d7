"""Has the worker draw an invoice's PDF once what it prints has changed."""

from __future__ import annotations

from functools import partial

from django.db import transaction
from django_q.tasks import async_task

from portal.billing.models import Invoice


def draw_soon(invoice: Invoice) -> None:
    """Call it in the transaction that changes what the invoice prints; nothing fails if the queue can't be reached."""
    transaction.on_commit(partial(async_task, "portal.billing.tasks.draw_paper", invoice.pk), robust=True)
