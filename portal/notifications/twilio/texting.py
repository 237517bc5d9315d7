"""Text messages and WhatsApp as channels: see channels.Sender."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from functools import lru_cache
from types import TracebackType
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, is_possible_number, parse

from portal.common.crypto.ciphertext import EncryptionError
from portal.notifications.models import Notice
from portal.notifications.recipients import Channel
from portal.notifications.sending import Refused, TryLater
from portal.notifications.twilio.client import TIMEOUT, asking, is_on

logger = logging.getLogger(__name__)

# Twilio keeps trying until then: a "validity period" in seconds, of 1 to 36,000.
LONGEST_VALID: Final = 36_000
_NOBODY: Final = UUID(int=0)
# Ten of the longest segments, and what Twilio takes at most.
MOST_LETTERS: Final = 1600


class PhoneChannel:
    """One of Twilio's channels, by the name of ours and the settings it is sent from."""

    timeout: float = TIMEOUT

    def __init__(self, channel: Channel, *, off: Promise | str) -> None:
        self.channel = channel
        self.off = off

    def is_configured(self) -> bool:
        """Whether there is an account, and a number or service to send from."""
        return is_on() and bool(sender(self.channel))

    def checked(self, address: str) -> str:
        """The number in E.164; raises ValueError for what is no phone number with its country."""
        try:
            number = parse(address)
        except NumberParseException:
            raise ValueError("A text goes to one phone number.") from None
        if not is_possible_number(number) or number.extension:
            raise ValueError("A text goes to one phone number.")
        return format_number(number, PhoneNumberFormat.E164)

    def parcel(self, notice: Notice) -> TextParcel:
        """The notice, ready to be sent once."""
        return TextParcel(notice)


def sender(channel: str) -> str:
    """What texts come from: a number, a registered name, or the id of a messaging service."""
    return settings.TWILIO_WHATSAPP_FROM if channel == Channel.WHATSAPP else settings.TWILIO_SMS_FROM


class TextParcel:
    """One text: opened and put together before the notice is claimed; Twilio's client dials by itself."""

    def __init__(self, notice: Notice) -> None:
        self.notice = notice

    def __enter__(self) -> TextParcel:
        try:
            self.message = self._build()
        except EncryptionError as problem:
            raise TryLater(type(problem).__name__) from None
        except Refused:
            raise
        except Exception as problem:
            logger.error("Notice %s can't be put together: %s", self.notice.code, type(problem).__name__)
            raise Refused(type(problem).__name__) from None
        with asking() as client:
            self.client = client
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing: the client keeps its lines open for the next."""

    def send(self) -> str:
        """Sends it and returns Twilio's id of it. Raises TryLater, Unreachable, Refused or InDoubt."""
        with asking() as client:
            return str(client.messages.create(**self.message).sid)

    def _build(self) -> dict[str, Any]:
        notice = self.notice
        words = notice.text or ""
        if not words or len(words) > MOST_LETTERS:
            raise Refused("NoWords" if not words else "TooLong")
        return {
            "to": at(notice.channel, notice.to),
            "status_callback": callback(notice),
            "validity_period": valid_for(notice, timezone.now()),
            **_from(notice.channel),
            **_content(notice, words),
        }


def at(channel: str, number: str) -> str:
    """An address as Twilio writes it."""
    return f"whatsapp:{number}" if channel == Channel.WHATSAPP else number


def takes_answers() -> bool:
    """Whether texts come from what can be answered: a number or a service, not a registered name."""
    name = sender(Channel.SMS)
    return name.startswith("MG") or name.removeprefix("+").isdigit()


def sender_name() -> str:
    """The name that texts come from, where they come from no number; empty otherwise."""
    return "" if takes_answers() or not SMS.is_configured() else sender(Channel.SMS)


def callback(notice: Notice) -> str:
    """Where Twilio tells what became of a notice."""
    return settings.PORTAL_BASE_URL + _status_path().replace(str(_NOBODY), str(notice.code))


@lru_cache(maxsize=1)
def _status_path() -> str:
    # Working out an address takes a tenth of what a text takes in all.
    return reverse("webhooks:twilio_status", args=[_NOBODY])


def valid_for(notice: Notice, now: datetime) -> int:
    """For how many seconds Twilio may go on trying: no longer than the notice is of use."""
    if notice.useless_after is None:
        return LONGEST_VALID
    return max(1, min(LONGEST_VALID, int((notice.useless_after - now).total_seconds())))


def _from(channel: str) -> dict[str, str]:
    name = sender(channel)
    # "MG" and 32 hex digits: a messaging service, which picks the number.
    return {"messaging_service_sid": name} if name.startswith("MG") else {"from_": at(channel, name)}


def _content(notice: Notice, words: str) -> dict[str, str]:
    """The words; what a clinic begins on WhatsApp goes by a template that Meta has approved, with ours put into it.

    Error 63016 otherwise, outside the day after the person wrote last (twilio.com/docs/whatsapp).
    """
    if notice.channel == Channel.WHATSAPP and settings.TWILIO_WHATSAPP_TEMPLATE:
        return {"content_sid": settings.TWILIO_WHATSAPP_TEMPLATE, "content_variables": json.dumps({"1": words})}
    return {"body": words}


SMS = PhoneChannel(Channel.SMS, off=_("No account for text messages is set up, so texts wait in the outbox."))
WHATSAPP = PhoneChannel(Channel.WHATSAPP, off=_("No WhatsApp sender is set up, so these messages wait in the outbox."))
