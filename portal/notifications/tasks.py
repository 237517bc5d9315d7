"""What the queue runs. Both may run twice at the same time, or never: the notices' own rows are the truth."""

from __future__ import annotations

import logging
import time

from django.utils import timezone

from portal.notifications import delivery, heartbeat
from portal.notifications.models import Notice, State

logger = logging.getLogger(__name__)

# Seconds, well within the queue's timeout for a task.
SWEEP_FOR = 30


def deliver(notice_id: int) -> str:
    """Sends one notice, right after the commit that wrote it."""
    return delivery.deliver(notice_id)


def sweep() -> dict[str, int]:
    """Each minute: gives up overrun leases, sends whatever is due, and says how many of each."""
    now = timezone.now()
    until = time.monotonic() + SWEEP_FOR
    # Never sent again without being asked: the worker may have died after the mail server took it.
    doubtful = Notice.objects.overrun(now).update(state=State.UNKNOWN, lease_until=None, error="LeaseRanOut")
    if doubtful:
        logger.error("%s notices may have been sent or not: their worker never said.", doubtful)
    counts = {State.UNKNOWN.value: doubtful} if doubtful else {}
    for notice_id in Notice.objects.due(now).order_by("next_attempt_at", "pk").values_list("pk", flat=True)[:1000]:
        outcome = delivery.deliver(notice_id)
        counts[outcome] = counts.get(outcome, 0) + 1
        if outcome == delivery.UNREACHABLE or time.monotonic() > until:
            break
    heartbeat.beat(heartbeat.SWEEP, now=timezone.now())
    return counts
