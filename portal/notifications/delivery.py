"""Delivering one notice: get ready, claim, send, mark.

The slow work comes before the claim, so that a claim is short. A claim is a lease: when it runs out without a word from
its worker, nobody knows whether the message left, and the notice goes to "perhaps sent" for a person to look at.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from portal.notifications.email import EmailParcel
from portal.notifications.models import Channel, Notice, State
from portal.notifications.sending import ChannelSender, InDoubt, Refused, SendingFailed, TryLater, Unreachable

logger = logging.getLogger(__name__)

# Longer than the queue lets a task live (Q_CLUSTER's timeout), shorter than it waits to run it again (its retry).
LEASE = timedelta(seconds=120)
# Sending may take this long; a worker that slept through most of its lease does not begin.
ROOM = timedelta(seconds=45)
MOST_ATTEMPTS = 10
LONGEST_WAIT = timedelta(hours=4)

CHANNELS: dict[str, ChannelSender] = {Channel.EMAIL: EmailParcel}

NOT_DUE = "not due"
UNREACHABLE = "unreachable"


def deliver(notice_id: int, *, clock: Callable[[], datetime] = timezone.now) -> str:
    """Sends a notice if it is due and nobody else does, and says what became of it: a state, or "not due"."""
    notice = Notice.objects.due(clock()).filter(pk=notice_id).first()
    if notice is None:
        return NOT_DUE
    try:
        with CHANNELS[notice.channel](notice) as parcel:
            return _send(notice, parcel.send, clock)
    except Unreachable as problem:
        _before_claim(notice, problem, clock())
        return UNREACHABLE
    except SendingFailed as problem:
        return _before_claim(notice, problem, clock())


def _send(notice: Notice, send: Callable[[], str], clock: Callable[[], datetime]) -> str:
    lease = uuid.uuid4().hex
    lease_until = clock() + LEASE
    claimed = Notice.objects.due(clock()).filter(pk=notice.pk)
    if not claimed.update(
        state=State.SENDING, lease_until=lease_until, leased_by=lease, attempts=F("attempts") + 1, error=""
    ):
        return NOT_DUE
    notice.attempts += 1
    if clock() > lease_until - ROOM:
        # This machine slept. Nothing was sent; somebody else may begin at once.
        return _after_claim(notice, lease, state=State.PENDING)
    try:
        provider_id = send()
    except InDoubt as problem:
        logger.error("Notice %s may have been sent or not: %s", notice.code, problem.error)
        return _after_claim(notice, lease, state=State.UNKNOWN, error=problem.error)
    except SendingFailed as problem:
        return _after_claim(notice, lease, **_consequence(notice, problem, attempts=notice.attempts, now=clock()))
    return _after_claim(notice, lease, state=State.SENT, sent_at=clock(), provider_id=provider_id, **_erased(notice))


def _after_claim(notice: Notice, lease: str, **changes: Any) -> str:
    """Marks by the lease's own name: what its holder knows overrules the sweep, which only knows that time ran out."""
    mine = Notice.objects.filter(pk=notice.pk, leased_by=lease, state__in=[State.SENDING, State.UNKNOWN])
    mine.update(lease_until=None, **changes)
    return str(changes["state"])


def _before_claim(notice: Notice, problem: SendingFailed, now: datetime) -> str:
    attempts = notice.attempts + 1
    changes = _consequence(notice, problem, attempts=attempts, now=now)
    # Compare and swap on the count: two workers that both fail to begin are one attempt.
    same = Notice.objects.filter(pk=notice.pk, state=State.PENDING, attempts=notice.attempts)
    same.update(attempts=attempts, **changes)
    return str(changes["state"])


def _consequence(notice: Notice, problem: SendingFailed, *, attempts: int, now: datetime) -> dict[str, Any]:
    if isinstance(problem, TryLater) and attempts < MOST_ATTEMPTS:
        return {"state": State.PENDING, "next_attempt_at": now + wait_after(attempts), "error": problem.error}
    kind = "refused" if isinstance(problem, Refused) else "given up"
    logger.error("Notice %s was %s after %s attempts: %s", notice.code, kind, attempts, problem.error)
    return {"state": State.FAILED, "error": problem.error, **_erased(notice)}


def wait_after(attempts: int) -> timedelta:
    """1, 4, 16, 64 minutes, then every 4 hours: ten attempts take about a day."""
    return min(timedelta(minutes=4 ** (attempts - 1)), LONGEST_WAIT)


def _erased(notice: Notice) -> dict[str, None]:
    return {"text": None, "html": None, "attachments": None} if notice.secret else {}
