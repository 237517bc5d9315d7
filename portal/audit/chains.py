"""Chains of keyed hashes: each link covers its row and the link before, so no row changes, moves or goes unseen.

The hash is HMAC-SHA-256 under TRAIL_KEY: whoever can write to the database still can't forge a link. A new key goes to
TRAIL_KEY and the one before it to the head of TRAIL_KEY_FALLBACKS; links of the old one stay valid, new ones are not
taken from it once the chain has gone over.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings

from portal.common.crypto.keys import derive

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a walk along one chain found. `head` is its last sound link, `broken` the first thing that is wrong."""

    links: int
    head: str = GENESIS
    broken: str = ""
    waiting: int = 0


_chains: dict[str, Callable[[], Verdict]] = {}


def register(name: str, verify: Callable[[], Verdict]) -> None:
    """Adds a chain to those that `verify_trail` walks, each in constant memory."""
    _chains[name] = verify


def registered() -> dict[str, Callable[[], Verdict]]:
    return dict(_chains)


def link(previous: str, payload: Mapping[str, Any]) -> str:
    """The hash of a row that follows `previous`."""
    return _digest(_keys()[0], previous, payload)


class Walk:
    """Checks links in their order: `wrong = walk.step(...)` is empty as long as the chain holds."""

    def __init__(self, head: str = GENESIS) -> None:
        self.head = head
        self.links = 0
        self._oldest_key = len(_keys()) - 1

    def step(self, *, previous: str, hash: str, payload: Mapping[str, Any]) -> str:
        if not hmac.compare_digest(previous, self.head):
            return "it does not follow the link before it"
        # The current key comes first. A chain that has gone over to a newer key never goes back.
        for place, key in enumerate(_keys()[: self._oldest_key + 1]):
            if hmac.compare_digest(_digest(key, previous, payload), hash):
                self._oldest_key = place
                self.head = hash
                self.links += 1
                return ""
        return "its hash does not fit what it says"


def verify_all() -> Iterator[tuple[str, Verdict]]:
    """Walks every registered chain."""
    for name, verify in _chains.items():
        yield name, verify()


def _keys() -> tuple[bytes, ...]:
    return _derived((settings.TRAIL_KEY, *getattr(settings, "TRAIL_KEY_FALLBACKS", ())))


@lru_cache(maxsize=8)
def _derived(secrets: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(derive(secret, "trail") for secret in secrets)


def _digest(key: bytes, previous: str, payload: Mapping[str, Any]) -> str:
    return hmac.digest(key, canonical({**payload, "previous": previous}), "sha256").hex()


def canonical(value: Mapping[str, Any]) -> bytes:
    """The one spelling of a row, the same on every database: sorted keys, UTC to the microsecond, no floats."""
    return json.dumps(_plain(value), ensure_ascii=True, allow_nan=False, sort_keys=True, separators=(",", ":")).encode()


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        case date():
            return value.isoformat()
        case Decimal() | UUID():
            return str(value)
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
    raise TypeError(f"A link can't cover a value of the type {type(value).__name__}.")
