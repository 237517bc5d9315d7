"""What Twilio tells of a text that it took: signed messages, which come late, twice and in any order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from portal.notifications import outbox
from portal.notifications.models import Delivery, Notice, State
from portal.notifications.recipients import ON_PHONES
from portal.notifications.twilio.client import NotConfigured, is_on

# Twilio's words (twilio.com/docs/messaging/api/message-resource, "MessageStatus"), and ours.
WORDS: Final = {
    "accepted": Delivery.TAKEN,
    "scheduled": Delivery.TAKEN,
    "queued": Delivery.TAKEN,
    "sending": Delivery.TAKEN,
    "sent": Delivery.ON_ITS_WAY,
    "undelivered": Delivery.BOUNCED,
    "failed": Delivery.BOUNCED,
    "delivered": Delivery.ARRIVED,
    "read": Delivery.READ,
}
_RANK: Final = {word: rank for rank, word in enumerate(Delivery.values)}


class Forged(Exception):
    """The message does not carry Twilio's signature."""


def check(address: str, said: Mapping[str, str], signature: str) -> None:
    """Raises Forged unless Twilio signed this message to this address of ours, and NotConfigured without an account.

    `address` begins with the portal's public address: what a proxy makes of it is not what was signed.
    """
    if not is_on():
        raise NotConfigured
    from twilio.request_validator import RequestValidator

    whose = said.get("AccountSid", "")
    signed: Any = RequestValidator(settings.TWILIO_AUTH_TOKEN)  # type: ignore[no-untyped-call]
    if whose != settings.TWILIO_ACCOUNT_SID or not signed.validate(address, dict(said), signature):
        raise Forged


@transaction.atomic
def apply(code: UUID, *, sid: str, status: str, error: str, now: datetime) -> Notice | None:
    """Keeps what became of a text, and goes another way where it did not arrive; None where that changes nothing.

    What came later already is not undone by what was sent earlier: "sent" after "delivered" is old news. A report says
    that Twilio took the text, so one that was in doubt is settled by it.
    """
    told = WORDS.get(status)
    notice = Notice.objects.select_for_update().filter(code=code, channel__in=ON_PHONES).first()
    if told is None or notice is None or notice.provider_id not in {"", sid}:
        return None
    if notice.state in {State.SENDING, State.UNKNOWN}:
        # Without its lease: whoever sent it has nothing to add.
        Notice.objects.filter(pk=notice.pk).update(
            state=State.SENT, sent_at=now, lease_until=None, leased_by="", error="", provider_id=sid[:100]
        )
        notice.refresh_from_db()
    elif notice.state != State.SENT:
        return None
    later = [word for word, rank in _RANK.items() if rank >= _RANK[told]]
    fresh = Notice.objects.filter(~Q(delivery__in=later), pk=notice.pk)
    if not fresh.update(delivery=told, delivery_at=now, delivery_error=error[:20]):
        return None
    notice.refresh_from_db()
    if told == Delivery.BOUNCED:
        outbox.go_another_way(notice, now=now)
    return notice
