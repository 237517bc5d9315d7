"""What an encrypted column holds, how a row in memory holds it, and what a query may ask of it.

The fields themselves stand in `portal.common.crypto.fields`.
"""

from __future__ import annotations

import base64
import binascii
import copy
import os
import pickle
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Func, Lookup
from django.db.models.sql.compiler import SQLCompiler
from django.views.decorators.debug import sensitive_variables

from portal.common.crypto import keys

# A piece of SQL, and what stands for its placeholders.
Sql = tuple[str, tuple[str | int, ...]]

VERSION = "v1"
NONCE_BYTES = 12
TOKEN = re.compile(r"v1:(?P<key_id>[A-Za-z0-9_.-]+):(?P<payload>[A-Za-z0-9_-]+)")
UNREAD: Any = object()


class EncryptionError(Exception):
    """A value can't be opened or sealed. What is stored stays as it is."""


class KeyMissing(EncryptionError):
    """The key that a value was written with is not in the setting."""


class Tampered(EncryptionError):
    """A stored value does not fit its row, its column or its key."""


class BoundValueChanged(EncryptionError):
    """The value that binds a row's ciphertext was changed, or is missing."""


# ---- What is stored -------------------------------------------------------------------------------------------------


class Sealed:
    """The ciphertext of one value, as the column holds it. It shows nothing, whoever prints it."""

    __slots__ = ("token",)
    token: str

    def __init__(self, token: str) -> None:
        object.__setattr__(self, "token", token)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("A sealed value does not change.")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and other.token == self.token

    def __hash__(self) -> int:
        return hash(self.token)

    def __repr__(self) -> str:
        return "<sealed>"

    __str__ = __repr__

    def __reduce__(self) -> tuple[type[Sealed], tuple[str]]:
        return Sealed, (self.token,)

    def __deepcopy__(self, memo: dict[int, Any]) -> Sealed:
        return self

    @property
    def key_id(self) -> str:
        """The id of the key it was written with; empty if it is no token at all."""
        match = TOKEN.fullmatch(self.token)
        return match["key_id"] if match else ""


@sensitive_variables("clear")
def seal(clear: bytes, *, context: str) -> Sealed:
    """Encrypts under the current key; `context` must be given again to open it."""
    ring = keys.ring()
    nonce = os.urandom(NONCE_BYTES)
    payload = base64.urlsafe_b64encode(nonce + ring[ring.current].encrypt(nonce, clear, context.encode()))
    return Sealed(f"{VERSION}:{ring.current}:{payload.decode().rstrip('=')}")


def unseal(sealed: Sealed, *, context: str) -> bytes:
    """Decrypts what `seal` made in the same context; raises KeyMissing or Tampered."""
    match = TOKEN.fullmatch(sealed.token)
    if not match:
        raise Tampered(f"{context} does not hold an encrypted value.")
    key_id, payload = match["key_id"], match["payload"]
    try:
        cipher = keys.ring()[key_id]
    except KeyError:
        raise KeyMissing(
            f"{context} was written with the key {key_id!r}, which is not in {keys.SETTING}. "
            "Add that key back; nothing is lost."
        ) from None
    try:
        # Python's decoder overlooks stray bits in the last character, so several spellings would open: allow one.
        raw = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        tail = base64.urlsafe_b64encode(raw[len(raw) // 3 * 3 :]).decode().rstrip("=")
        if not payload.endswith(tail):
            raise binascii.Error
        return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], context.encode())
    except (InvalidTag, ValueError):
        raise Tampered(
            f"{context} does not open with the key {key_id!r}: the value or its row was changed, or the key beside "
            f"that id in {keys.SETTING} is another one. What is stored was left as it is."
        ) from None


# ---- How a row holds it ---------------------------------------------------------------------------------------------


class Cell:
    """One value of one instance: sealed, clear, or both.

    `was` is the clear form that `sealed` holds, `bound` the value that it is bound to, as the instance had it.
    """

    __slots__ = ("bound", "clear", "sealed", "to_bytes", "trusted", "was")

    def __init__(
        self, *, clear: Any = UNREAD, sealed: Sealed | None = None, bound: Any = None, trusted: bool = False
    ) -> None:
        self.clear, self.sealed, self.bound, self.trusted = clear, sealed, bound, trusted
        self.was: bytes | None = None
        self.to_bytes: Callable[[Any], bytes] | None = None

    def opened(self, clear: Any, was: bytes, to_bytes: Callable[[Any], bytes]) -> Cell:
        """The same value, read: a new cell, since a shallow copy of the instance shares this one."""
        twin = Cell(clear=clear, sealed=self.sealed, bound=self.bound, trusted=True)
        twin.was, twin.to_bytes = was, to_bytes
        return twin

    def unread(self) -> Sealed:
        """The ciphertext of a value that nobody has read yet; raises EncryptionError where there is none."""
        if self.sealed is None:
            raise EncryptionError("There is nothing here that could be opened.")
        return self.sealed

    def is_changed(self) -> bool:
        """Whether the clear value is another one than `sealed` holds, also by a change inside it."""
        if self.sealed is None:
            return self.clear is not None
        return self.to_bytes is not None and self.to_bytes(self.clear) != self.was

    def __repr__(self) -> str:
        return "<cell>"

    def __copy__(self) -> Cell:
        twin = Cell(clear=self.clear, sealed=self.sealed, bound=self.bound, trusted=self.trusted)
        twin.was, twin.to_bytes = self.was, self.to_bytes
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Cell:
        twin = self.__copy__()
        twin.clear = self.clear if self.clear is UNREAD else copy.deepcopy(self.clear, memo)
        return twin

    def __reduce__(self) -> tuple[Callable[..., Cell], tuple[Sealed | None, Any, bool]]:
        # A pickle goes to caches, sessions and queues: ciphertext may, clear text may not.
        if self.is_changed():
            raise pickle.PicklingError("This row holds clear text that is not saved yet; it can't be pickled.")
        return _thaw, (self.sealed, self.bound, self.trusted)


def _thaw(sealed: Sealed | None, bound: Any, trusted: bool) -> Cell:
    return Cell(clear=None if sealed is None else UNREAD, sealed=sealed, bound=bound, trusted=trusted)


# ---- What rotation asks the database --------------------------------------------------------------------------------


if TYPE_CHECKING:
    _Lookup = Lookup[Any]
else:
    _Lookup = Lookup


class SealedAs(_Lookup):
    """Compares ciphertext with ciphertext, for a compare-and-swap."""

    lookup_name = "sealed_as"

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Sql:
        lhs, lhs_params = self.process_lhs(compiler, connection)
        rhs, rhs_params = self.process_rhs(compiler, connection)
        return f"{lhs} = {rhs}", (*lhs_params, *rhs_params)


class UnderKey(_Lookup):
    """Holds for the values written with one key."""

    lookup_name = "under_key"
    prepare_rhs = False

    def get_db_prep_lookup(self, value: str | int, connection: BaseDatabaseWrapper) -> Sql:
        return "%s", (value,)

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Sql:
        lhs, lhs_params = self.process_lhs(compiler, connection)
        prefix = f"{VERSION}:{self.rhs}:"
        # Not LIKE: SQLite's knows no case, and an id may hold its wildcard.
        return f"substr({lhs}, 1, {len(prefix)}) = %s", (*lhs_params, prefix)


class KeyId(Func):
    """The id of the key that a value was written with, read by the database."""

    output_field = models.CharField()
    arity = 1

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Sql:
        rest = f"substr(%(expressions)s, {len(VERSION) + 2})"
        return super().as_sql(compiler, connection, template=f"substr({rest}, 1, instr({rest}, ':') - 1)", **context)

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Sql:
        return super().as_sql(compiler, connection, template="split_part(%(expressions)s, ':', 2)", **context)
