"""Files of one person: encrypted under a key of their own, in the private storage, under names that say nothing.

The row that names a file keeps its key sealed. Changing the portal's keys then seals a row anew and touches no file,
and erasing the row makes every copy of the file unreadable.
"""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from portal.common.crypto.ciphertext import Tampered
from portal.common.documents.kinds import CleanFile

NONCE_BYTES = 12


class FileGone(Exception):
    """The storage does not hold what the row says."""


@dataclass(slots=True)
class SealedFile:
    """Bytes that lie in the storage already, under the code of the row that is to name them."""

    code: uuid.UUID
    path: str
    key: str
    # Whether a row names them by now: those that none does go again.
    is_named: bool = False


@contextmanager
def put(file: CleanFile, *, of: str) -> Iterator[SealedFile]:
    """Encrypts the bytes and writes them; if no row of the model `of` comes to name them, none are left behind.

    Before a transaction begins: nobody is kept waiting for a lock that long.
    """
    code, random = uuid.uuid4(), secrets.token_hex(20)
    key, nonce = AESGCM.generate_key(256), secrets.token_bytes(NONCE_BYTES)
    content = nonce + AESGCM(key).encrypt(nonce, file.content, _context(of, code))
    path = default_storage.save(f"files/{random[:2]}/{random[2:]}", ContentFile(content))
    there = SealedFile(code, path, base64.b64encode(key).decode())
    try:
        yield there
    except BaseException:
        there.is_named = False
        raise
    finally:
        if not there.is_named:
            default_storage.delete(there.path)


def opened(path: str, *, key: str, of: str, code: uuid.UUID) -> bytes:
    """The bytes in clear; raises FileGone or Tampered."""
    try:
        with default_storage.open(path, "rb") as file:
            content = file.read()
    except FileNotFoundError:
        raise FileGone(f"{code} has no file") from None
    try:
        return AESGCM(base64.b64decode(key)).decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], _context(of, code))
    except InvalidTag:
        raise Tampered(f"The file of {code} was changed in the storage.") from None


def _context(of: str, code: uuid.UUID) -> bytes:
    return f"{of}:{code}".encode()
