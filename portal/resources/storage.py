"""Stores and reads the bytes of files, in the private storage and under names that say nothing.

A file made for one person is encrypted under a key of its own, which its row keeps sealed. Changing the portal's keys
then seals a row anew and touches no file, and erasing the row makes every copy of the file unreadable.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def stored(version: ResourceFile, file: CleanFile, *, sealed: bool) -> Iterator[ResourceFile]:
    """Writes the bytes and sets `path` and `key`; if the block raises, no bytes are left behind."""
    content = file.content
    if sealed:
        key, nonce = AESGCM.generate_key(256), secrets.token_bytes(NONCE_BYTES)
        content = nonce + AESGCM(key).encrypt(nonce, content, _context(version))
        version.key = base64.b64encode(key).decode()
    random = secrets.token_hex(20)
    version.path = default_storage.save(f"files/{random[:2]}/{random[2:]}", ContentFile(content))
    try:
        yield version
    except BaseException:
        default_storage.delete(version.path)
        raise


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
            content[:NONCE_BYTES], content[NONCE_BYTES:], _context(version)
        )
    except InvalidTag:
        raise Tampered(f"The file of {version.code} was changed in the storage.") from None
    return BytesIO(clear)


def remove_after_commit(path: str) -> None:
    """Bytes can't be rolled back: they go once it is certain that nobody needs them."""
    transaction.on_commit(lambda: default_storage.delete(path), robust=True)


def _context(version: ResourceFile) -> bytes:
    return f"resources.ResourceFile:{version.code}".encode()
