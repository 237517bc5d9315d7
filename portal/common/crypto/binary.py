"""A file in a column, stored encrypted as `portal.common.crypto.fields` stores text."""

from __future__ import annotations

from typing import Any

from portal.common.crypto.fields import EncryptedField


class EncryptedBytesField(EncryptedField):
    """Bytes that nobody searches or shows in a form, such as a PDF."""

    description = "Encrypted bytes"

    def accept(self, value: Any) -> bytes:
        if not isinstance(value, bytes):
            raise TypeError(f"{self.name} takes bytes, not {type(value).__name__}.")
        return value

    def to_bytes(self, value: bytes) -> bytes:
        return value

    def from_bytes(self, clear: bytes) -> bytes:
        return clear
