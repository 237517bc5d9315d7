"""Asking Twilio about texts of which nobody knows whether they left: it lists what it took."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from portal.notifications.models import Notice, State
from portal.notifications.recipients import ON_PHONES
from portal.notifications.sending import SendingFailed
from portal.notifications.twilio.client import asking, is_on
from portal.notifications.twilio.texting import at

logger = logging.getLogger(__name__)

# A claim that ran out is at least two minutes old, and what Twilio took is on its list at once. Before that a request
# may still be on the line.
SETTLED_AFTER: Final = timedelta(minutes=3)
# The newest texts to one number: more since it was claimed are no clinic's.
MOST_LISTED: Final = 50
MOST_ASKED: Final = 200


def settle_doubts(now: datetime) -> dict[str, int]:
    """Asks about each text in doubt, and says how many were found sent, are tried again, or stay with the desk.

    What Twilio has is marked as sent; what it has not was surely not sent, and goes out again while it is of use. A
    text whose words are erased can't be told from another: it stays with the desk.
    """
    counts = {"sent": 0, "again": 0, "left": 0}
    if not is_on():
        return counts
    doubtful = Notice.objects.needing_eyes().filter(
        state=State.UNKNOWN, channel__in=ON_PHONES, text__isnull=False, claimed_at__lt=now - SETTLED_AFTER
    )
    for notice in doubtful.order_by("pk")[:MOST_ASKED]:
        try:
            sid = _find(notice)
        except SendingFailed as problem:
            logger.warning("Twilio could not be asked about a text: %s", problem.error)
            counts["left"] += 1
            break
        mine = Notice.objects.needing_eyes().filter(pk=notice.pk, state=State.UNKNOWN)
        if sid:
            mine.update(state=State.SENT, sent_at=notice.claimed_at, provider_id=sid, error="", leased_by="")
            counts["sent"] += 1
        else:
            mine.update(state=State.PENDING, next_attempt_at=now, leased_by="")
            counts["again"] += 1
    return counts


def _find(notice: Notice) -> str:
    """Twilio's id of a text of these words to this number since it was claimed, that is no other notice's; or empty."""
    since = (notice.claimed_at or notice.created_at) - timedelta(minutes=1)
    # Never by Twilio's own filter of days: what still stands in its queue has no day on which it was sent.
    with asking() as client:
        listed = client.messages.list(to=at(notice.channel, notice.to), limit=MOST_LISTED)
    # An approved template of WhatsApp's has our words within its own.
    ours = [one for one in listed if (notice.text or "") in (one.body or "") and str(one.direction) != "inbound"]
    # Twilio counts whole seconds.
    ours = [one for one in ours if one.date_created is None or one.date_created >= since]
    mine = [one.sid for one in ours if one.sid]
    taken = set(Notice.objects.filter(provider_id__in=mine).values_list("provider_id", flat=True))
    return next((sid for sid in mine if sid not in taken), "")
