"""Secrets: how they are written in a setting, read, and made. docs/encryption.md tells the whole of it.

`PORTAL_ENCRYPTION_KEYS="2026-11.3fa91c2b:<base64>,2025-01.77ab01cd:<base64>"`: the first key encrypts, all of them
decrypt. An id may end in a dot and the key's fingerprint, as `make_key` writes it: a key pasted beside the wrong id is
then refused at the start, before it writes anything.

Making a secret needs neither settings nor a database, so that it works before there are any.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import Error, Tags, register
from django.core.exceptions import ImproperlyConfigured

SETTING = "PORTAL_ENCRYPTION_KEYS"
KEY_BYTES = 32
_ID = re.compile(r"[A-Za-z0-9_-]{1,40}(?:\.(?P<fingerprint>[0-9a-f]{8}))?")


class BadKeys(ImproperlyConfigured):
    """The setting can't be read. The message names the id and what is wrong, never the key."""


class KeyRing(Mapping[str, AESGCM]):
    """The clinic's keys by id; `current` is the id that new values are written with."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys:
            raise BadKeys(f"{SETTING} holds no key. Make one with: python3 manage.py make_key encryption")
        self.current = next(iter(keys))
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}

    def __getitem__(self, key_id: str) -> AESGCM:
        return self._ciphers[key_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._ciphers)

    def __len__(self) -> int:
        return len(self._ciphers)

    def __repr__(self) -> str:
        return f"<KeyRing {', '.join(self._ciphers)}>"


def parse(text: str) -> dict[str, bytes]:
    """Reads `id:base64,id:base64` in its order; raises BadKeys."""
    keys: dict[str, bytes] = {}
    for place, entry in enumerate(filter(None, (part.strip() for part in text.split(","))), start=1):
        key_id, colon, encoded = entry.partition(":")
        match = _ID.fullmatch(key_id)
        if not colon or not match:
            raise BadKeys(
                f"Entry {place} of {SETTING} is not of the form id:base64 (ids are letters, digits, - and _). "
                "Make one with: python3 manage.py make_key encryption"
            )
        if key_id in keys:
            raise BadKeys(f"{SETTING} names the key id {key_id!r} twice.")
        key = _decode(key_id, encoded)
        if match["fingerprint"] and match["fingerprint"] != fingerprint(key):
            raise BadKeys(f"The key beside the id {key_id!r} in {SETTING} is not the one this id was made for.")
        keys[key_id] = key
    return keys


def _decode(key_id: str, encoded: str) -> bytes:
    try:
        key = base64.b64decode(encoded.strip().replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        raise BadKeys(f"The key {key_id!r} in {SETTING} is not base64.") from None
    if len(key) != KEY_BYTES:
        raise BadKeys(f"The key {key_id!r} in {SETTING} has {len(key)} bytes; it must have {KEY_BYTES}.")
    return key


def fingerprint(key: bytes) -> str:
    """Eight hex digits that tell one key from another and nothing about it."""
    return hashlib.sha256(b"clinic portal key fingerprint\x00" + key).hexdigest()[:8]


def ring() -> KeyRing:
    """The keys of the settings, parsed once per value; raises BadKeys."""
    return _ring(getattr(settings, SETTING, ""))


@lru_cache(maxsize=16)
def _ring(text: str) -> KeyRing:
    return KeyRing(parse(text))


def derive(secret: str, purpose: str) -> bytes:
    """Derives 32 bytes for one purpose from a setting of any form (HKDF-SHA-256)."""
    return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=b"clinic portal: " + purpose.encode()).derive(
        secret.encode()
    )


def generate_key(prefix: str = "") -> str:
    """Makes one entry of PORTAL_ENCRYPTION_KEYS, `2026-11.3fa91c2b:<base64>`."""
    key = secrets.token_bytes(KEY_BYTES)
    return f"{prefix or datetime.now(UTC).strftime('%Y-%m')}.{fingerprint(key)}:{base64.b64encode(key).decode()}"


def generate_secret() -> str:
    """Makes a SECRET_KEY or a TRAIL_KEY: 64 characters, 384 bits, no character that a shell or a .env would touch."""
    return secrets.token_urlsafe(48)


MAKERS = {
    "secret": ("SECRET_KEY", generate_secret),
    "encryption": (SETTING, generate_key),
    "trail": ("TRAIL_KEY", generate_secret),
}


@register(Tags.security)
def check_keys(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[Error]:
    """Refuses to start on keys that are missing or can't be read."""
    try:
        ring()
    except BadKeys as problem:
        return [Error(str(problem), id="common.E001")]
    return []
