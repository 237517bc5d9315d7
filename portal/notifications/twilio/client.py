"""Twilio, asked by its own client. Importing it takes a second, so it is brought when it is needed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings

from portal.notifications.sending import InDoubt, Refused, TryLater, Unreachable

if TYPE_CHECKING:
    from twilio.rest import Client

# Seconds that Twilio may take to answer.
TIMEOUT: Final = 15
# Twilio's library writes addresses and numbers into its log.
_silent = logging.getLogger("portal.notifications.twilio.silent")
_silent.disabled = True

# Twilio's own codes (twilio.com/docs/api/errors): too many at once; the account, its key or its money.
TOO_MANY: Final = frozenset({20429, 14107, 63018})
OF_THE_ACCOUNT: Final = frozenset({20003, 20005, 20006, 20008, 30002, 90010})


class NotConfigured(Exception):
    """The clinic sends no texts."""


def is_on() -> bool:
    """Whether the clinic has an account with Twilio, by the settings."""
    return bool(settings.TWILIO_ACCOUNT_SID and settings.TWILIO_API_KEY)


def is_demo() -> bool:
    """Whether a stand-in answers for Twilio, so that no phone rings."""
    return settings.TWILIO_API_BASE != settings.TWILIO_API


def client() -> Client:
    """Twilio's client for the clinic's account. Raises NotConfigured."""
    if not is_on():
        raise NotConfigured
    return _client(
        settings.TWILIO_API_KEY, settings.TWILIO_API_SECRET, settings.TWILIO_ACCOUNT_SID, settings.TWILIO_API_BASE
    )


@lru_cache(maxsize=4)
def _client(key: str, secret: str, account: str, address: str) -> Client:
    from twilio.http.http_client import TwilioHttpClient
    from twilio.http.response import Response
    from twilio.rest import Client

    base = urlsplit(address)

    class Http(TwilioHttpClient):
        """Twilio's own, at another address where a stand-in answers: the library has no setting for it."""

        def request(  # type: ignore[override]  # the library names this argument in two ways, and gives it by place
            self, method: str, url: str, *arguments: Any, **named: Any
        ) -> Response:
            # Twilio has a host for each of its parts (video.twilio.com); a stand-in answers for all of them.
            if address != settings.TWILIO_API:
                asked = urlsplit(url)
                url = urlunsplit((base.scheme, base.netloc, asked.path, asked.query, ""))
            return super().request(method, url, *arguments, **named)

    # Nothing is sent again by the library: whether the first went through, it does not know either.
    http = Http(timeout=TIMEOUT, logger=_silent, max_retries=0)
    return Client(key, secret, account, http_client=http)  # type: ignore[no-untyped-call]


@contextmanager
def asking() -> Iterator[Client]:
    """The client, with what it raises said as what became of the sending. Never inside a transaction."""
    try:
        asked = client()
    except NotConfigured:
        raise Unreachable("ChannelOff") from None
    from requests import exceptions as http
    from twilio.base.exceptions import TwilioException, TwilioRestException

    try:
        yield asked
    except TwilioRestException as problem:
        raise _by_code(problem.status, problem.code) from None
    except (http.ConnectTimeout, http.SSLError) as problem:
        raise Unreachable(type(problem).__name__) from None
    except http.ConnectionError as problem:
        raise (Unreachable if _never_began(problem) else InDoubt)(type(problem).__name__) from None
    except (http.RequestException, TwilioException, OSError, ValueError) as problem:
        # A time-out while it answered, or an answer that is none.
        raise InDoubt(type(problem).__name__) from None


def _by_code(status: int, code: int | None) -> TryLater | Refused | InDoubt:
    """429 and what is wrong with the account pass; 5xx tells nothing; any other refusal is for good."""
    error = f"Twilio {status} {code}" if code else f"Twilio {status}"
    if status == 429 or code in TOO_MANY:
        return Unreachable(error)
    if status in {401, 403} or code in OF_THE_ACCOUNT:
        # Mended in the settings or on Twilio's pages, not in the notice.
        return Unreachable(error)
    if status >= 500:
        return InDoubt(error)
    return Refused(error)


def _never_began(problem: BaseException) -> bool:
    """Whether the line was never there, so that nothing was sent."""
    from urllib3.exceptions import NameResolutionError, NewConnectionError

    cause = getattr(problem.args[0], "reason", None) if problem.args else None
    return isinstance(cause, (NewConnectionError, NameResolutionError))
