"""How often a password or a code may be tried, and how often one mailbox is written to for the asking.

Counted is who is asked for together with the place that asks: whoever tries five wrong passwords slows down themself,
and not the person whose account it is. Strangers from many places together have a limit too. A device on which the
person has signed in before is counted by itself, so that no stranger ever stands in its way; a passkey can't be
guessed, and is not counted at all. Addresses without an account are counted like others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from allauth.core.internal import ratelimit
from django.conf import settings
from django.http import HttpRequest

from portal.accounts import devices

Door = Literal["password", "code", "mail"]


@dataclass(frozen=True, slots=True)
class Rule:
    """Rates as allauth writes them: from one place, from a known device, and from all strangers together."""

    here: str
    known: str
    strangers: str


RULES: dict[Door, Rule] = {
    "password": Rule(here="5/5m/key,20/d/key", known="10/5m/key,50/d/key", strangers="100/d/key"),
    # Whoever comes to this door has the password. Of a million codes three are good at a time.
    "code": Rule(here="5/5m/key,20/d/key", known="10/5m/key,50/d/key", strangers="40/d/key"),
    "mail": Rule(here="5/10m/key,20/d/key", known="10/10m/key,40/d/key", strangers="20/h/key"),
}
# Of one place, whomever it asks for: so nobody goes through a list of addresses. A clinic is one place with its
# waiting room, so this refuses nobody alone: past it, each account is asked for twice in five minutes from there.
PLACE = "10/m/ip"
SLOWLY = "2/5m/key"
_AT_THE_PLACE = "place"


def begin(request: HttpRequest | None, door: Door, email: str) -> ratelimit.RateLimitUsage | None:
    """Counts a try, before it is known whether it is right; None where there were too many. `email` is who is meant.

    Of one that turns out right the count is taken back, by `rollback`.
    """
    counted = ratelimit.RateLimitUsage(usage=[])
    if request is None or not settings.ACCOUNT_RATE_LIMITS:
        return counted
    for action, rate, key in _counts(request, door, email.strip().lower()):
        usage = _consume(request, action, rate, key)
        if usage is None and action == _AT_THE_PLACE:
            usage = _consume(request, f"{door}_slowly", SLOWLY, f"{email.strip().lower()} {ratelimit.get_ip(request)}")
        if usage is None:
            return None
        counted.usage += usage.usage
    return counted


def _consume(request: HttpRequest, action: str, rate: str, key: str | None) -> ratelimit.RateLimitUsage | None:
    return ratelimit.consume(request, app="portal.accounts", action=action, config={action: rate}, key=key)


def forgive(request: HttpRequest, email: str) -> None:
    """Forgets what strangers tried: the person showed by their mailbox who they are, and chose a new password."""
    doors: tuple[Door, ...] = ("password", "code")
    for door in doors:
        for action, rate, key in _counts(request, door, email.strip().lower()):
            if key:
                ratelimit.clear(request, app="portal.accounts", action=action, config={action: rate}, key=key)


def _counts(request: HttpRequest, door: Door, email: str) -> list[tuple[str, str, str | None]]:
    """What is counted of a try, as action, rate and key."""
    rule = RULES[door]
    if device := _device(request, email):
        return [(f"{door}_known", rule.known, f"{email} {device}")]
    counts: list[tuple[str, str, str | None]] = [] if door == "mail" else [(_AT_THE_PLACE, PLACE, None)]
    place = ratelimit.get_ip(request)
    return [*counts, (f"{door}_here", rule.here, f"{email} {place}"), (f"{door}_all", rule.strangers, email)]


def _device(request: HttpRequest, email: str) -> str:
    """What a device that the person uses is counted by; empty for a stranger's."""
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated and user.email.lower() == email:
        return f"signed in as {user.pk}"
    return devices.known(request, email)
