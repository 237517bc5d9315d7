"""Stripe, asked by its own client. Importing it takes half a second, so it is brought when it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.conf import settings

if TYPE_CHECKING:
    from stripe import StripeClient

# What our requests, and the webhook endpoint in Stripe's dashboard, are written for.
API_VERSION: Final = "2026-10-28.endive"
# Seconds that Stripe may take to answer, and how often a request is sent again where the line failed.
WAITS, RETRIES = 20, 2


class OnlineRefused(Exception):
    """Anything below."""


class NotConfigured(OnlineRefused):
    """The clinic takes no cards online: people pay at the desk."""


class NotReached(OnlineRefused):
    """Stripe could not be asked, or had a fault of its own. Asking again, by the same key, is safe."""


class Declined(OnlineRefused):
    """The bank said no, or wants the cardholder to confirm. `code` is Stripe's word for why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Refused(OnlineRefused):
    """Stripe will not do what was asked. `code` is its word for why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def is_on() -> bool:
    """Whether the clinic takes cards online."""
    return bool(settings.STRIPE_SECRET_KEY)


def is_demo() -> bool:
    """Whether a stand-in answers for Stripe, so that no money moves."""
    return settings.STRIPE_API_BASE != settings.STRIPE_API


def is_live() -> bool:
    """Whether real money moves, by the key: Stripe's test keys say so in their names."""
    return settings.STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_"))


def client() -> StripeClient:
    """Stripe's client for the clinic's account. Raises NotConfigured."""
    if not is_on():
        raise NotConfigured
    return _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)


@lru_cache(maxsize=4)
def _client(key: str, address: str) -> StripeClient:
    import stripe

    return stripe.StripeClient(
        key,
        stripe_version=API_VERSION,
        base_addresses={"api": address},
        max_network_retries=RETRIES,
        http_client=stripe.new_default_http_client(timeout=WAITS),
    )


def noted(thing: Any, name: str) -> UUID | None:
    """A code of ours that we noted on something of Stripe's; None where there is none."""
    metadata = thing.metadata
    try:
        return UUID(metadata[name]) if metadata and name in metadata else None
    except ValueError:
        return None


@contextmanager
def asking() -> Iterator[StripeClient]:
    """The client, with what Stripe's library raises said in our own words. Never inside a transaction."""
    asked = client()
    import stripe

    try:
        yield asked
    except stripe.CardError as refusal:
        raise Declined(refusal.code or "declined") from refusal
    except (stripe.APIConnectionError, stripe.RateLimitError) as fault:
        raise NotReached from fault
    except stripe.StripeError as refusal:
        if (refusal.http_status or 500) >= 500 or refusal.http_status == 409:
            raise NotReached from refusal
        raise Refused(refusal.code or "refused") from refusal
