"""Every way in which a notice can go out, and what each promises."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from django.utils.functional import Promise

from portal.notifications.email import EmailChannel
from portal.notifications.models import Notice
from portal.notifications.recipients import Channel
from portal.notifications.sending import Parcel
from portal.notifications.twilio import texting


class Sender(Protocol):
    """One channel. Whatever its provider does, each of its steps ends within `timeout` seconds."""

    @property
    def off(self) -> Promise | str:
        """One honest sentence for pages, when it is not configured."""

    @property
    def timeout(self) -> float: ...

    def is_configured(self) -> bool: ...

    def checked(self, address: str) -> str:
        """The address as it is kept; raises ValueError for one that this channel can't reach."""

    def parcel(self, notice: Notice) -> AbstractContextManager[Parcel]:
        """Entering it does the slow work (putting together, dialling); its `send()` is one short step."""


CHANNELS: dict[str, Sender] = {
    Channel.EMAIL.value: EmailChannel(),
    Channel.SMS.value: texting.SMS,
    Channel.WHATSAPP.value: texting.WHATSAPP,
}
