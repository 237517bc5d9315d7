"""Delivering one notice: get ready, claim, send, mark.

The slow work comes before the claim, so that a claim is short. A claim is a lease: when it runs out without a word from
its worker, nobody knows whether the message left, and the notice goes to "perhaps sent" for a person to look at.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from portal.common.database.compiled import compiled
from portal.notifications import last_look, outbox
from portal.notifications.channels import CHANNELS
from portal.notifications.hours import next_open
from portal.notifications.models import ERASED, ChannelPause, Notice, State
from portal.notifications.sending import InDoubt, Parcel, Refused, SendingFailed, TryLater, Unreachable

logger = logging.getLogger(__name__)

# Longer than the queue lets a task live (Q_CLUSTER's timeout), shorter than it waits to run it again (its retry).
LEASE = timedelta(seconds=120)
# Sending may take this long; a worker that slept through most of its lease does not begin.
ROOM = timedelta(seconds=45)
MOST_ATTEMPTS = 10
# With another way open nobody is kept waiting for a day: about twenty minutes.
MOST_WITH_ANOTHER_WAY = 4
LONGEST_WAIT = timedelta(hours=4)

# A provider that takes longer than this and then gives no answer is left alone for a while, as one that is away is.
SLOW = timedelta(seconds=10)
# Below the minute after which the sweep comes again, and with it the next try.
PAUSE = timedelta(seconds=50)

# Why a notice was withdrawn that nobody wants any more.
TOO_LATE: Final = "too_late"

NOT_DUE = "not due"
UNREACHABLE = "unreachable"
PAUSED = "paused"
# After these the others of the same channel need not try now.
CHANNEL_IS_AWAY = frozenset({UNREACHABLE, PAUSED})


def deliver(notice_id: int, *, clock: Callable[[], datetime] = timezone.now) -> str:
    """Sends a notice if it is due and nobody else does, and says what became of it.

    That is a state, or "not due", "unreachable", or "paused" while its channel is left alone. Whatever a channel does
    wrong, this notice pays for it and no other.
    """
    began = clock()
    found = _due(began, notice_id)
    if not found:
        return NOT_DUE
    notice = found[0]
    if (opens := next_open(notice.hours, began)) > began:
        # Tried again, or late: it waits for the hours in which its reader may be written to.
        Notice.objects.due(began).filter(pk=notice.pk).update(next_attempt_at=opens)
        return NOT_DUE
    channel = CHANNELS.get(notice.channel)
    if channel is None or not channel.is_configured():
        _before_claim(notice, TryLater("ChannelOff"), clock())
        return UNREACHABLE
    if _pauses(notice.channel, began):
        return PAUSED
    if not last_look.may_leave(notice, now=began):
        return State.WITHDRAWN
    with ExitStack() as leaving:
        try:
            parcel = leaving.enter_context(channel.parcel(notice))
        except Unreachable as problem:
            _before_claim(notice, problem, clock())
            _pause(notice.channel, problem, clock())
            return UNREACHABLE
        except SendingFailed as problem:
            return _before_claim(notice, problem, clock())
        except Exception as problem:
            # A sender that does what it promised not to. Nothing was sent yet.
            logger.error("Notice %s can't be got ready: %s", notice.code, type(problem).__name__)
            return _before_claim(notice, TryLater(type(problem).__name__), clock())
        return _send(notice, parcel, clock)


@compiled
def _due(now: datetime, pk: int) -> QuerySet[Any, Notice]:
    return Notice.objects.due(now).filter(pk=pk)


@compiled
def _pauses(channel: str, now: datetime) -> QuerySet[Any, ChannelPause]:
    return ChannelPause.objects.filter(channel=channel, until__gt=now)


def _pause(channel: str, problem: SendingFailed, now: datetime) -> None:
    values = {"until": now + PAUSE, "error": problem.error}
    ChannelPause.objects.update_or_create(channel=channel, defaults=values)


def _send(notice: Notice, parcel: Parcel, clock: Callable[[], datetime]) -> str:
    lease = uuid.uuid4().hex
    claimed_at = clock()
    lease_until = claimed_at + LEASE
    claimed = Notice.objects.due(claimed_at).filter(pk=notice.pk)
    if not claimed.update(
        state=State.SENDING,
        claimed_at=claimed_at,
        lease_until=lease_until,
        leased_by=lease,
        attempts=F("attempts") + 1,
        error="",
    ):
        return NOT_DUE
    notice.attempts += 1
    if clock() > lease_until - ROOM:
        # This machine slept. Nothing was sent; somebody else may begin at once.
        return _after_claim(notice, lease, state=State.PENDING)
    try:
        provider_id = parcel.send()
    except SendingFailed as problem:
        failed = problem
    except Exception as problem:
        # A sender that does what it promised not to: whether it sent anything before, nobody knows.
        failed = InDoubt(type(problem).__name__)
    else:
        return _mark_sent(notice, lease, provider_id=provider_id, now=clock())
    if isinstance(failed, Unreachable) or clock() - claimed_at > SLOW:
        _pause(notice.channel, failed, clock())
    if isinstance(failed, InDoubt):
        logger.error("Notice %s may have been sent or not: %s", notice.code, failed.error)
        return _after_claim(notice, lease, state=State.UNKNOWN, error=failed.error, **erased(notice))
    now = clock()
    with transaction.atomic():
        outcome = _after_claim(notice, lease, **_consequence(notice, failed, attempts=notice.attempts, now=now))
        if outcome == State.FAILED:
            outbox.go_another_way(notice, now=now)
    return outcome


def _mark_sent(notice: Notice, lease: str, *, provider_id: str, now: datetime) -> str:
    return _after_claim(notice, lease, state=State.SENT, sent_at=now, provider_id=provider_id, **erased(notice))


def give_up_overrun(now: datetime) -> int:
    """Leaves to a person what a worker claimed and never said how it went; returns how many.

    Never sent again without being asked: the worker may have died after the provider took it. The words of a secret go:
    whoever needs one asks for a new one.
    """
    doubtful = {"state": State.UNKNOWN, "lease_until": None, "error": "LeaseRanOut"}
    overrun = Notice.objects.overrun(now)
    return overrun.filter(secret=True).update(**doubtful, **ERASED) + overrun.update(**doubtful)


def withdraw_stale(now: datetime) -> int:
    """Withdraws what waits and is of no use any more, in every channel; returns how many."""
    stale = Notice.objects.stale(now)
    gone = {"state": State.WITHDRAWN, "withdrawn_at": now, "withdrawn_why": TOO_LATE}
    return stale.filter(secret=True).update(**gone, **ERASED) + stale.update(**gone)


def _after_claim(notice: Notice, lease: str, **changes: Any) -> str:
    """Marks by the lease's own name: what its holder knows overrules the sweep, which only knows that time ran out."""
    mine = Notice.objects.filter(pk=notice.pk, leased_by=lease, state__in=[State.SENDING, State.UNKNOWN])
    changes |= {"lease_until": None}
    if changes["state"] in {State.SENT, State.UNKNOWN}:
        mine.update(**changes)
        return str(changes["state"])
    # It was surely not sent. Withdrawn meanwhile, it is not tried again; the mark is never taken off, so two steps do.
    standing = mine.filter(withdrawn_at__isnull=True)
    if changes["state"] == State.PENDING:
        if standing.filter(text__isnull=False).update(**changes):
            return str(State.PENDING)
        # The sweep took a secret for lost meanwhile, and erased its words: there is nothing left to try again with.
        changes["state"] = State.FAILED
    if not standing.update(**changes):
        changes |= {"state": State.WITHDRAWN} | erased(notice)
        mine.filter(withdrawn_at__isnull=False).update(**changes)
    return str(changes["state"])


def _before_claim(notice: Notice, problem: SendingFailed, now: datetime) -> str:
    attempts = notice.attempts + 1
    changes = _consequence(notice, problem, attempts=attempts, now=now)
    # Compare and swap on the count: two workers that both fail to begin are one attempt.
    same = Notice.objects.filter(pk=notice.pk, state=State.PENDING, attempts=notice.attempts)
    with transaction.atomic():
        if same.update(attempts=attempts, **changes) and changes["state"] == State.FAILED:
            outbox.go_another_way(notice, now=now)
    return str(changes["state"])


def _consequence(notice: Notice, problem: SendingFailed, *, attempts: int, now: datetime) -> dict[str, Any]:
    most = MOST_WITH_ANOTHER_WAY if notice.otherwise else MOST_ATTEMPTS
    if isinstance(problem, TryLater) and attempts < most:
        return {"state": State.PENDING, "next_attempt_at": now + wait_after(attempts), "error": problem.error}
    kind = "refused" if isinstance(problem, Refused) else "given up"
    logger.error("Notice %s was %s after %s attempts: %s", notice.code, kind, attempts, problem.error)
    return {"state": State.FAILED, "error": problem.error, **erased(notice)}


def wait_after(attempts: int) -> timedelta:
    """1, 4, 16, 64 minutes, then every 4 hours: ten attempts take about a day."""
    return min(timedelta(minutes=4 ** (attempts - 1)), LONGEST_WAIT)


def erased(notice: Notice) -> dict[str, None]:
    """What is taken off a notice once it is over: the words of a secret one."""
    return ERASED if notice.secret else {}
