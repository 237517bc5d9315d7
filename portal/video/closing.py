"""Rooms at the provider are ended when their session is called off, moved or over, whoever sits in them.

Each room that may be at the provider is a row, written before the provider is asked for it, until it is known to have
ended. A page in the room leaves by itself within half a minute; this is for the one that doesn't.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from portal.video import providers
from portal.video.entering import Why, why_not
from portal.video.models import MOST_ATTEMPTS, ProviderRoom

logger = logging.getLogger(__name__)

# Twilio ends by itself what lasts a day, and soon what is empty.
LONGEST_WAIT: Final = timedelta(hours=1)
# No other task asks for the same room meanwhile.
LEASE: Final = timedelta(minutes=1)


def end_rooms(*, now: datetime) -> dict[str, int]:
    """Has the provider end each room that nobody may be in any more; says how many it ended, and how many are left."""
    provider, counts = providers.current(), {"ended": 0, "failed": 0}
    if provider is None:
        return counts
    rows = ProviderRoom.objects.to_look_at(now=now).select_related("session__psychologist", "session__patient")
    for row in rows.order_by("next_try_at", "pk"):
        if not _is_over(row, now=now):
            continue
        mine = ProviderRoom.objects.to_look_at(now=now).filter(pk=row.pk, attempts=row.attempts)
        if not mine.update(attempts=row.attempts + 1, next_try_at=now + max(LEASE, _wait_after(row.attempts + 1))):
            continue
        # Of the room that was asked for then: who is let in meanwhile, by a session moved back, has it made anew.
        asked = ProviderRoom.objects.filter(pk=row.pk, made_at=row.made_at)
        try:
            provider.end(row.name)
        except providers.NotEnded as problem:
            counts["failed"] += 1
            if row.attempts + 1 >= MOST_ATTEMPTS:
                logger.error("A room was not ended after %s attempts: %s", row.attempts + 1, problem)
        else:
            counts["ended"] += asked.update(ended_at=now)
    return counts


def _is_over(row: ProviderRoom, *, now: datetime) -> bool:
    session = row.session
    return row.starts_at != session.starts_at or why_not(session, now=now) not in {Why.NOTHING, Why.OFF}


def _wait_after(attempts: int) -> timedelta:
    """1, 2, 4, 8 minutes and so on, an hour at most."""
    return min(timedelta(minutes=2 ** (attempts - 1)), LONGEST_WAIT)
