"""By whom sessions by video are carried: Twilio, a stand-in on this machine, or nobody.

A provider makes a room ready, and a token that opens this one room to this one person until a moment. Both tokens are
made and signed by Twilio's own library; the stand-in checks them as Twilio does.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final, Protocol

from django.conf import settings

from portal.notifications.sending import SendingFailed
from portal.notifications.twilio.client import asking

logger = logging.getLogger(__name__)

# Two people, and one who comes again while the first line is not given up yet.
MOST_IN_ROOM: Final = 4
# Sound and pictures go by servers in Sydney.
REGION: Final = "au1"
EXISTS: Final = "53113"
# No such room: a name is a room's only while it lasts. Or it has ended (53112, "room completed").
GONE: Final = ("404 20404", "53112")
# Its own word for a room that is over.
ENDED: Final = "completed"
# What a browser may speak to, by Twilio's own word (README of twilio-video).
TWILIO_LINES: Final = ("wss://global.vss.twilio.com", "wss://sdkgw.us1.twilio.com")
# The stand-in's, which open nothing anywhere else.
STAND_IN_ACCOUNT, STAND_IN_KEY = "AC" + "0" * 32, "SK" + "0" * 32


class NotReady(Exception):
    """The provider did not make the room."""


class NotEnded(Exception):
    """The provider did not say that the room has ended."""


class Provider(Protocol):
    name: str

    @property
    def lines(self) -> tuple[str, ...]:
        """What the page's browser speaks to, for its Content-Security-Policy."""

    def make_ready(self, room: str) -> None:
        """Has the room at the provider, with nothing recorded. Slow, so never in a transaction; raises NotReady."""

    def end(self, room: str) -> None:
        """Ends the room for whoever is in it; one that isn't there has ended. Slow as well; raises NotEnded."""

    def token(self, *, room: str, identity: str, until: datetime, now: datetime) -> str:
        """Opens this room to this identity until a moment."""


class Twilio:
    name = "twilio"
    lines = TWILIO_LINES

    def make_ready(self, room: str) -> None:
        # Made by us, and not by whoever comes first: then it is as the account says, which may be to record.
        try:
            with asking() as client:
                client.video.v1.rooms.create(
                    unique_name=room,
                    type="group",
                    record_participants_on_connect=False,
                    media_region=REGION,
                    max_participants=MOST_IN_ROOM,
                )
        except SendingFailed as problem:
            if not problem.error.endswith(EXISTS):
                logger.error("Twilio did not make a room: %s", problem.error)
                raise NotReady from None

    def end(self, room: str) -> None:
        try:
            with asking() as client:
                client.video.v1.rooms(room).update(status=ENDED)  # type: ignore[arg-type]  # a word is what is sent
        except SendingFailed as problem:
            if not problem.error.endswith(GONE):
                raise NotEnded(problem.error) from None

    def token(self, *, room: str, identity: str, until: datetime, now: datetime) -> str:
        return _signed(
            *(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_API_KEY, settings.TWILIO_API_SECRET),
            room=room,
            identity=identity,
            until=until,
            now=now,
        )


class StandIn:
    """For the demo and for tests: two browsers on this machine find each other by `portal/ops/video_stand_in`."""

    name = "stand-in"

    @property
    def lines(self) -> tuple[str, ...]:
        return (settings.VIDEO,)

    def make_ready(self, room: str) -> None:
        """Its rooms are there when somebody comes."""

    def end(self, room: str) -> None:
        """Its rooms are words between two pages, which leave by themselves."""

    def token(self, *, room: str, identity: str, until: datetime, now: datetime) -> str:
        return _signed(
            *(STAND_IN_ACCOUNT, STAND_IN_KEY, settings.SECRET_KEY), room=room, identity=identity, until=until, now=now
        )


def _signed(account: str, key: str, secret: str, *, room: str, identity: str, until: datetime, now: datetime) -> str:
    from twilio.jwt.access_token import AccessToken
    from twilio.jwt.access_token.grants import VideoGrant

    seconds = max(1, int((until - now).total_seconds()))
    token = AccessToken(account, key, secret, identity=identity, ttl=seconds)  # type: ignore[no-untyped-call]
    token.add_grant(VideoGrant(room=room))  # type: ignore[no-untyped-call]
    return str(token.to_jwt())  # type: ignore[no-untyped-call]


def current() -> Provider | None:
    """The provider of the settings; None where sessions by video are held by links of the psychologists' own."""
    if not settings.VIDEO:
        return None
    return Twilio() if settings.VIDEO == "twilio" else StandIn()
