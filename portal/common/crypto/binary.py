"""A file in a column, stored encrypted as `portal.common.crypto.fields` stores text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from portal.common.crypto.fields import EncryptedField

_Set = TypeVar("_Set")
_Get = TypeVar("_Get")


class EncryptedBytesField(EncryptedField[_Set, _Get]):
    """Bytes that nobody searches or shows in a form, such as a PDF."""

    if TYPE_CHECKING:
        _pyi_private_set_type: bytes
        _pyi_private_get_type: bytes

    description = "Encrypted bytes"

    def accept(self, value: Any) -> bytes:
        if not isinstance(value, bytes):
            raise TypeError(f"{self.name} takes bytes, not {type(value).__name__}.")
        return value

    def to_bytes(self, value: bytes) -> bytes:
        return value

    def from_bytes(self, clear: bytes) -> bytes:
        return clear
