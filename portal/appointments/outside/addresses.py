"""The address of an outside calendar: which ones are taken, and what of one may be shown."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit, urlunsplit

from django.conf import settings

LONGEST = 2000
# What calendar services call the same thing.
_SAME_AS_HTTPS = {"webcal", "webcals"}
PORTS = {"https": 443, "http": 80}


class BadAddress(ValueError):
    """This address is not fetched; `reason` is one word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def schemes() -> set[str]:
    """By which an address may be fetched: HTTPS alone, unless somebody tries things out on their own machine."""
    return {"https", "http"} if settings.OUTSIDE_CALENDARS_OVER_HTTP else {"https"}


def checked(address: str) -> SplitResult:
    """The address in the one form in which it is fetched; raises BadAddress.

    Nothing but a name or number of a host at the usual port, a path and a query: no user, no password, no fragment.
    """
    address = address.strip()
    if not address or len(address) > LONGEST or not address.isascii() or any(c <= " " or c == "\x7f" for c in address):
        raise BadAddress("address")
    try:
        parts = urlsplit(address)
        port, host = parts.port, (parts.hostname or "").rstrip(".")
    except ValueError:
        raise BadAddress("address") from None
    scheme = "https" if parts.scheme in _SAME_AS_HTTPS else parts.scheme
    if scheme not in schemes():
        raise BadAddress("scheme")
    if not host or "\\" in parts.netloc or "@" in parts.netloc or port not in {None, PORTS[scheme]}:
        raise BadAddress("address")
    if host == urlsplit(settings.PORTAL_BASE_URL).hostname:
        raise BadAddress("own")
    netloc = f"[{host}]" if ":" in host else host
    return SplitResult(scheme, netloc, parts.path or "/", parts.query, "")


def normal(address: str) -> str:
    """The same as text."""
    return urlunsplit(checked(address))


def masked(address: str) -> str:
    """Where it leads, and nothing that opens it: `calendar.google.com/…`."""
    return f"{urlsplit(address).hostname or ''}/…"
