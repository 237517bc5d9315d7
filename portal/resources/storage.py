"""Stores and reads the bytes of files, in the private storage and under names that say nothing.

A file made for one person is encrypted under a key of its own, which its row keeps sealed. Changing the portal's keys
then seals a row anew and touches no file, and erasing the row makes every copy of the file unreadable.
"""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from portal.common.crypto.ciphertext import Tampered
from portal.common.documents import CleanFile
from portal.resources.models import ResourceFile

NONCE_BYTES = 12


class FileGone(Exception):
    """The storage does not hold what the row says."""


@dataclass(slots=True)
class Put:
    """Bytes that lie in the storage already, under the code of the row that is to name them."""

    code: uuid.UUID
    path: str
    key: str | None
    # Whether a row names them by now: those that none does go again.
    is_named: bool = False


@contextmanager
def put(file: CleanFile, *, sealed: bool) -> Iterator[Put]:
    """Writes the bytes, encrypted if they are one person's; if no row comes to name them, none are left behind.

    Before a transaction begins: a large file takes a while to encrypt and to send to a storage elsewhere, and nobody is
    kept waiting for a lock that long.
    """
    code, content, sealed_key = uuid.uuid4(), file.content, None
    if sealed:
        key, nonce = AESGCM.generate_key(256), secrets.token_bytes(NONCE_BYTES)
        content = nonce + AESGCM(key).encrypt(nonce, content, _context(code))
        sealed_key = base64.b64encode(key).decode()
    random = secrets.token_hex(20)
    there = Put(code, default_storage.save(f"files/{random[:2]}/{random[2:]}", ContentFile(content)), sealed_key)
    try:
        yield there
    except BaseException:
        there.is_named = False
        raise
    finally:
        if not there.is_named:
            default_storage.delete(there.path)


@contextmanager
def there(file: CleanFile, already: Put | None, *, sealed: bool) -> Iterator[Put]:
    """What was put before the caller's transaction began, or is put now."""
    if already is not None:
        yield already
    else:
        with put(file, sealed=sealed) as now_there:
            yield now_there


def opened(version: ResourceFile) -> IO[bytes]:
    """The bytes in clear, to be read once and closed; raises FileGone or Tampered."""
    try:
        file = default_storage.open(version.path, "rb")
    except FileNotFoundError:
        raise FileGone(f"{version.code} has no file") from None
    if version.key is None:
        return file
    with file:
        content = file.read()
    try:
        clear = AESGCM(base64.b64decode(version.key)).decrypt(
            content[:NONCE_BYTES], content[NONCE_BYTES:], _context(version.code)
        )
    except InvalidTag:
        raise Tampered(f"The file of {version.code} was changed in the storage.") from None
    return BytesIO(clear)


def remove_after_commit(path: str) -> None:
    """Bytes can't be rolled back: they go once it is certain that nobody needs them."""
    transaction.on_commit(lambda: default_storage.delete(path), robust=True)


def _context(code: uuid.UUID) -> bytes:
    return f"resources.ResourceFile:{code}".encode()
