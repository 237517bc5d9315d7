"""Where a notice goes: a channel, and an address in it."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from django.db import models
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    """The channels that rows may name; `channels.CHANNELS` has what each can do."""

    EMAIL = "email", _("E-mail")
    SMS = "sms", _("Text message")
    WHATSAPP = "whatsapp", _("WhatsApp")


# What goes to a phone: one short text, without a subject, a picture or a paper.
ON_PHONES = frozenset({Channel.SMS, Channel.WHATSAPP})


@dataclass(frozen=True, slots=True)
class Recipient:
    """One address in one channel. Whether the channel takes it is asked when a notice is queued."""

    channel: str
    address: str

    @classmethod
    def by_email(cls, address: str) -> Recipient:
        """Whoever reads this address."""
        return cls(Channel.EMAIL, address)

    @classmethod
    def by_sms(cls, number: str) -> Recipient:
        """Whoever holds this phone; `number` is E.164, as numbers are kept."""
        return cls(Channel.SMS, number)

    @classmethod
    def by_whatsapp(cls, number: str) -> Recipient:
        """The same by WhatsApp."""
        return cls(Channel.WHATSAPP, number)

    @property
    def digest(self) -> str:
        """Tells recipients apart in a dedupe key, which is kept in clear."""
        # An e-mail address stands alone, as in the keys of notices that were queued before there were channels.
        named = self.address if self.channel == Channel.EMAIL else f"{self.channel}:{self.address}"
        return sha256(named.casefold().encode()).hexdigest()[:16]
