"""Fields whose values are stored encrypted, each bound to its own row and column. docs/encryption.md tells the whole.

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    body = EncryptedTextField(bound_to="code")

`note.body` is the clear value, opened when it is first read; `note.body_sealed` is what the column holds. A value that
is copied to another row or column does not open. Saving a value that nobody changed writes back the same ciphertext.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.apps import apps
from django.core import checks, exceptions, validators
from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db import models
from django.db.models import Lookup
from django.db.models.lookups import IsNull
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from portal.common.crypto.ciphertext import (
    TOKEN,
    UNREAD,
    BoundValueChanged,
    Cell,
    KeyMissing,
    Sealed,
    SealedAs,
    UnderKey,
    seal,
    unseal,
)

_LOOKUPS: dict[str, type[Lookup[Any]]] = {"isnull": IsNull, "sealed_as": SealedAs, "under_key": UnderKey}


# ---- How an instance shows it ----------------------------------------------------------------------------------------


class _SealedAttribute:
    """`note.body_sealed`: what the column holds. Django itself reads and writes this one."""

    def __init__(self, field: AnyEncryptedField) -> None:
        self.field = field

    def __get__(self, instance: models.Model | None, owner: type) -> Any:
        if instance is None:
            return self
        cell = self.field.cell(instance)
        if cell.clear is UNREAD and cell.trusted and cell.bound is None and not instance._state.adding:
            # refresh_from_db() asks a row that has only this column; to check it would fetch the code.
            return cell.sealed
        return self.field.sealed_value(instance)

    def __set__(self, instance: models.Model, value: Any) -> None:
        self.field.hold(instance, value, from_database=True)


class _ClearAttribute:
    """`note.body`: the clear value."""

    def __init__(self, field: AnyEncryptedField) -> None:
        self.field = field

    def __get__(self, instance: models.Model | None, owner: type) -> Any:
        if instance is None:
            return self
        return self.field.clear_value(instance)

    def __set__(self, instance: models.Model, value: Any) -> None:
        self.field.hold(instance, value, from_database=False)


# ---- The fields -----------------------------------------------------------------------------------------------------


_Set = TypeVar("_Set")
_Get = TypeVar("_Get")

if TYPE_CHECKING:
    _Field = models.Field
else:

    class _Field(models.Field):
        def __class_getitem__(cls, types: object) -> type:
            return cls


class EncryptedField(_Field[_Set, _Get]):
    """What both fields share; `bound_to` names a unique field of the same model that is known before the first save.

    `bound_as` keeps old rows readable when the model or the field is renamed: it is the old "app.Model.field".
    """

    descriptor_class = _SealedAttribute
    empty_strings_allowed = False

    def __init__(self, *args: Any, bound_to: str, bound_as: str = "", **kwargs: Any) -> None:
        self.bound_to, self.bound_as = bound_to, bound_as
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        kwargs["bound_to"] = self.bound_to
        if self.bound_as:
            kwargs["bound_as"] = self.bound_as
        return name, path, args, kwargs

    def get_internal_type(self) -> str:
        return "TextField"

    def get_attname(self) -> str:
        return f"{self.name}_sealed"

    def get_attname_column(self) -> tuple[str, str]:
        return self.get_attname(), self.db_column or self.name

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only=private_only)
        setattr(cls, self.name, _ClearAttribute(self))

    # How a value becomes bytes.

    def to_bytes(self, value: Any) -> bytes:
        """What is encrypted of a clear value; raises ValueError on one that can not be written."""
        raise NotImplementedError

    def from_bytes(self, clear: bytes) -> Any:
        """The clear value of what was decrypted."""
        raise NotImplementedError

    def accept(self, value: Any) -> Any:
        """The clear value as it is kept; raises TypeError on what can't be stored."""
        return value

    # What it is bound to.

    @property
    def place(self) -> str:
        """Column and model as the ciphertext is bound to them: app.Model.field."""
        return self.bound_as or f"{self.model._meta.label}.{self.name}"

    def context(self, bound: str) -> str:
        """What the ciphertext is bound to: column and row."""
        return f"{self.place}:{bound}"

    def bound_text(self, value: Any) -> str | None:
        """The bound field's value in its one spelling."""
        if value is None or value == "":
            return None
        return str(self._bound_field.to_python(value))

    @property
    def _bound_field(self) -> models.Field[Any, Any]:
        field = self.model._meta.get_field(self.bound_to)
        if not isinstance(field, models.Field):
            raise FieldError(f"{self.place} is bound to {self.bound_to!r}, which is no column.")
        return field

    def bound_now(self, instance: models.Model) -> str:
        """The row's code in its one spelling; raises BoundValueChanged where it has none."""
        bound = self.bound_text(getattr(instance, self.bound_to))
        if bound is None:
            raise BoundValueChanged(f"{self.place} needs {self.bound_to!r} to be set before it is read or saved.")
        return bound

    # What an instance holds.

    def hold(self, instance: models.Model, value: Any, *, from_database: bool) -> None:
        """Puts a value on an instance: ciphertext as it came, or a clear value that `accept` takes."""
        before = instance.__dict__.get(self.attname)
        if isinstance(value, Sealed):
            if before is not None and before.sealed == value and not before.is_changed():
                return  # full_clean() gives back what it took
            # As it is: to spell it out for each row of a list that opens nothing would be wasted.
            bound = instance.__dict__.get(self.bound_to) if from_database else None
            cell = Cell(sealed=value, bound=bound, trusted=from_database)
        else:
            cell = Cell(clear=None if value is None else self.accept(value), bound=before and before.bound)
        instance.__dict__[self.attname] = cell

    def cell(self, instance: models.Model) -> Cell:
        """What an instance holds, read from the database where that was deferred."""
        if self.attname not in instance.__dict__:
            instance.refresh_from_db(fields=[self.attname])
        held: Cell = instance.__dict__[self.attname]
        return held

    def clear_value(self, instance: models.Model) -> Any:
        """The clear value, decrypted when it is first asked for; raises EncryptionError."""
        cell = self.cell(instance)
        if cell.clear is UNREAD:
            bound = self._unchanged_bound(instance, cell)
            was = unseal(cell.unread(), context=self.context(bound))
            cell = Cell(sealed=cell.sealed, bound=bound).opened(self.from_bytes(was), was, self.to_bytes)
            instance.__dict__[self.attname] = cell
        return cell.clear

    @sensitive_variables("cell", "clear", "fresh")
    def sealed_value(self, instance: models.Model) -> Sealed | None:
        """What the column holds, or is to hold: unchanged values keep their ciphertext, others are sealed now."""
        cell = self.cell(instance)
        if cell.clear is None:
            return None
        if cell.clear is UNREAD:
            self._verify_unread(instance, cell)
            return cell.sealed
        clear = self.to_bytes(cell.clear)
        # Until the first save, and in a copy made as a new row, the code may still be another one.
        bound = self.bound_now(instance) if instance._state.adding else self._unchanged_bound(instance, cell)
        if cell.sealed is not None and (clear, bound) == (cell.was, self.bound_text(cell.bound)):
            return cell.sealed
        fresh = Cell(sealed=seal(clear, context=self.context(bound)), bound=bound)
        instance.__dict__[self.attname] = fresh.opened(cell.clear, clear, self.to_bytes)
        return fresh.sealed

    def _unchanged_bound(self, instance: models.Model, cell: Cell) -> str:
        bound = self.bound_now(instance)
        if cell.bound is not None and self.bound_text(cell.bound) != bound:
            raise BoundValueChanged(
                f"{self.place} was written for {self.bound_to} {cell.bound}; it can't be read or saved "
                f"under {self.bound_to} {bound}."
            )
        return bound

    def _verify_unread(self, instance: models.Model, cell: Cell) -> None:
        """Refuses to write a ciphertext under a row that it doesn't belong to."""
        bound = self._unchanged_bound(instance, cell)
        if cell.trusted and cell.bound is not None and not instance._state.adding:
            return
        # Without its key it can't be told; it goes back as it came, so that a missing key loses nothing.
        with suppress(KeyMissing):
            unseal(cell.unread(), context=self.context(bound))

    # Django's side.

    def pre_save(self, model_instance: models.Model, add: bool) -> Sealed | None:
        return self.sealed_value(model_instance)

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Sealed | None:
        return None if value is None else Sealed(value)

    def get_prep_value(self, value: Any) -> str | None:
        prepared = super().get_prep_value(value)
        if prepared is None:
            return None
        if isinstance(prepared, Sealed):
            return prepared.token
        raise FieldError(
            f"{self.place} is encrypted for one row: set it on the instance and save that. "
            "A query can't take its clear value."
        )

    def to_python(self, value: Any) -> Any:
        """Reads a fixture: ciphertext as dumpdata wrote it stays sealed, anything else is a clear value."""
        if isinstance(value, str) and TOKEN.fullmatch(value):
            return Sealed(value)
        return value

    def value_to_string(self, obj: models.Model) -> str:
        sealed = self.sealed_value(obj)
        return "" if sealed is None else sealed.token

    def value_from_object(self, obj: models.Model) -> Any:
        """Serves forms, which edit the clear value. Serializers take `value_to_string`."""
        return self.clear_value(obj)

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        """Validates the clear value. What a person typed is never taken for ciphertext, whatever it looks like."""
        if model_instance is None:
            clear = None if value is None else self.accept(value)
        else:
            clear = self.clear_value(model_instance)
        self.validate(clear, model_instance)
        self.run_validators(clear)
        return value

    def get_lookup(self, lookup_name: str) -> type[Lookup[Any]]:
        try:
            return _LOOKUPS[lookup_name]
        except KeyError:
            raise FieldError(
                f"{self.place} is encrypted: a query can ask whether it is null, but not for {lookup_name!r}."
            ) from None

    def get_transform(self, lookup_name: str) -> None:
        self.get_lookup(lookup_name)

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        return [*super().check(**kwargs), *self._check_binding(), *self._check_options()]

    def _check_binding(self) -> Iterator[checks.CheckMessage]:
        try:
            bound = self.model._meta.get_field(self.bound_to)
        except FieldDoesNotExist:
            yield checks.Error(f"bound_to names {self.bound_to!r}, which is no field.", obj=self, id="common.E101")
            return
        if not bound.concrete or bound.is_relation or not bound.unique or bound.null or bound.model is not self.model:
            yield checks.Error(
                f"bound_to must name a unique, non-null field of the same model; {self.bound_to!r} is not.",
                obj=self,
                id="common.E102",
            )
        elif isinstance(bound, models.AutoField):
            yield checks.Error(
                f"{self.bound_to!r} is known only after the first save; bind to a UUID.", obj=self, id="common.E103"
            )
        elif self.model._meta.concrete_fields.index(bound) > self.model._meta.concrete_fields.index(self):
            yield checks.Error(
                f"Declare {self.bound_to!r} before {self.name!r}: a row is read in that order.",
                obj=self,
                id="common.E104",
            )

    def _check_options(self) -> Iterator[checks.CheckMessage]:
        for option in ("unique", "db_index", "primary_key", "choices"):
            if getattr(self, option):
                yield checks.Error(f"An encrypted field can't have {option}.", obj=self, id="common.E105")
        if self.has_db_default():
            yield checks.Error("An encrypted field can't have db_default.", obj=self, id="common.E105")


class EncryptedTextField(EncryptedField[_Set, _Get]):
    """Text. The empty string is encrypted too, so that nobody can blank a value unnoticed; None is NULL."""

    if TYPE_CHECKING:
        _pyi_private_set_type: str
        _pyi_private_get_type: str

    description = _("Encrypted text")
    empty_strings_allowed = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.max_length is not None:
            self.validators.append(validators.MaxLengthValidator(self.max_length))

    def accept(self, value: Any) -> str:
        if isinstance(value, Promise):
            value = str(value)
        if not isinstance(value, str):
            raise TypeError(f"{self.name} takes text, not {type(value).__name__}.")
        return value

    def to_bytes(self, value: str) -> bytes:
        try:
            return value.encode()
        except UnicodeEncodeError:
            # Raised anew: the original error carries the whole text into logs.
            raise ValueError(f"{self.place}: this text has a half character (a lone surrogate).") from None

    def from_bytes(self, clear: bytes) -> str:
        return clear.decode()

    def formfield(self, **kwargs: Any) -> forms.Field | None:
        defaults = {"form_class": forms.CharField, "widget": forms.Textarea, "max_length": self.max_length}
        if self.null:
            defaults["empty_value"] = None
        return super().formfield(**defaults | kwargs)


class EncryptedJSONField(EncryptedField[_Set, _Get]):
    """Anything JSON can write. None is NULL. A change inside the value is noticed when the row is saved."""

    if TYPE_CHECKING:
        _pyi_private_set_type: Any
        _pyi_private_get_type: Any

    description = _("Encrypted JSON")

    def __init__(self, *args: Any, encoder: type[json.JSONEncoder] | None = None, **kwargs: Any) -> None:
        self.encoder = encoder
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        if self.encoder is not None:
            kwargs["encoder"] = self.encoder
        return name, path, args, kwargs

    def to_bytes(self, value: Any) -> bytes:
        try:
            return json.dumps(value, cls=self.encoder, allow_nan=False, separators=(",", ":")).encode()
        except (TypeError, ValueError):
            raise ValueError(f"{self.place}: this value can't be written as JSON.") from None

    def from_bytes(self, clear: bytes) -> Any:
        return json.loads(clear)

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        super().validate(value, model_instance)
        try:
            json.dumps(value, cls=self.encoder, allow_nan=False)
        except (TypeError, ValueError):
            raise exceptions.ValidationError(_("Value must be valid JSON."), code="invalid") from None

    def formfield(self, **kwargs: Any) -> forms.Field | None:
        return super().formfield(**{"form_class": forms.JSONField, "encoder": self.encoder} | kwargs)


AnyEncryptedField = EncryptedField[Any, Any]


def clear(**values: Any) -> dict[str, Any]:
    """The clear values of a new row's encrypted fields: `Notice(code=code, **clear(text="Hello"))`.

    Type checkers know such a field by what its column holds, and would refuse the name under which it is read.
    """
    return values


# ---- All of them -----------------------------------------------------------------------------------------------------


def encrypted_fields() -> dict[type[models.Model], list[AnyEncryptedField]]:
    """Every encrypted field that the portal stores, by the model whose table holds it."""
    return {
        model: fields
        for model in apps.get_models()
        if not model._meta.proxy
        and model._meta.managed
        and (fields := [f for f in model._meta.local_concrete_fields if isinstance(f, EncryptedField)])
    }


def reseal(field: AnyEncryptedField, sealed: Sealed, bound: Any) -> Sealed:
    """The same value under the current key; raises KeyMissing or Tampered."""
    context = field.context(str(field.bound_text(bound)))
    return seal(unseal(sealed, context=context), context=context)
