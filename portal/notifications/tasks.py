"""What the queue runs. All may run twice at the same time, or never: the notices' own rows are the truth."""

from __future__ import annotations

import logging
import time
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count
from django.utils import timezone
from django_q.tasks import async_task

from portal.notifications import delivery, heartbeat
from portal.notifications.models import Notice, State
from portal.notifications.recipients import ON_PHONES

logger = logging.getLogger(__name__)

# Seconds, well within the queue's timeout for a task; and for how long one follows the other, until the next sweep.
SEND_FOR, GO_ON_FOR = 30, 55
# So many does one task send by itself; and so many are looked up at most.
FOR_ONE, MOST = 200, 5000
FAILED = "failed to run"


def deliver(notice_id: int) -> str:
    """Sends one notice, right after the commit that wrote it."""
    return delivery.deliver(notice_id)


def sweep() -> int:
    """Each minute: gives up overrun leases, and has each channel send what is due; says how many leases those were.

    The channels send in tasks of their own: one that hangs takes its own worker's time, and not the others'.
    """
    now = timezone.now()
    doubtful = delivery.give_up_overrun(now)
    if doubtful:
        logger.error("%s notices may have been sent or not: their worker never said.", doubtful)
    delivery.withdraw_stale(now)
    heartbeat.beat(heartbeat.SWEEP, now=now)
    if Notice.objects.needing_eyes().filter(state=State.UNKNOWN, channel__in=ON_PHONES).exists():
        async_task("portal.notifications.tasks.ask")
    send_all(now)
    return doubtful


def send_all(now: datetime) -> None:
    """Has each channel send what is due: in a task of its own, and in several where a great deal waits."""
    until = now.timestamp() + GO_ON_FOR
    waiting = Notice.objects.due(now).order_by("channel").values_list("channel").annotate(count=Count("pk"))
    for channel, count in waiting:
        parts = min(int(settings.Q_CLUSTER["workers"]), 1 + count // FOR_ONE)
        for part in range(parts):
            async_task("portal.notifications.tasks.send_due", channel, part=part, parts=parts, go_on_until=until)


def ask() -> dict[str, int]:
    """Asks Twilio about texts of which nobody knows whether they left."""
    from portal.notifications.twilio import asking

    return asking.settle_doubts(timezone.now())


def send_due(channel: str, part: int = 0, parts: int = 1, go_on_until: float = 0) -> dict[str, int]:
    """Sends what is due in one channel, oldest first and for half a minute, and says how many came to what.

    Of `parts` tasks that share it this is one: none waits for what another has in hand. What is left then has a task
    after this one, until so many seconds of the clock.
    """
    now = timezone.now()
    until = time.monotonic() + SEND_FOR
    counts: dict[str, int] = {}
    due = Notice.objects.due(now).filter(channel=channel).order_by("next_attempt_at", "pk")
    for notice_id in [pk for pk in due.values_list("pk", flat=True)[: MOST * parts] if pk % parts == part]:
        try:
            outcome = delivery.deliver(notice_id)
        except DatabaseError:
            raise
        except Exception as problem:
            # Only its kind: the words of an error may quote an address.
            logger.error("Delivering a notice failed: %s", type(problem).__name__)
            outcome = FAILED
        counts[outcome] = counts.get(outcome, 0) + 1
        if outcome in delivery.CHANNEL_IS_AWAY:
            break
        if time.monotonic() > until:
            if time.time() < go_on_until:
                async_task(
                    "portal.notifications.tasks.send_due", channel, part=part, parts=parts, go_on_until=go_on_until
                )
            break
    return counts
