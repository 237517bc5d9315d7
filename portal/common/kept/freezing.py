"""Rows that nobody changes: what one request did to a kept row, every other would see."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, NoReturn, TypeVar, cast

from django.db.models import Model, QuerySet
from django.db.models.base import ModelBase

T = TypeVar("T")


class Frozen(TypeError):
    """A kept row was to be changed, or asked for something that was not read with it."""


def freeze(value: T) -> T:
    """The same, with rows that can't be changed or saved and that ask the database for nothing more.

    Lists become tuples, and mappings can only be read. Rows that came along with a row are frozen too.
    """
    return cast("T", _frozen(value))


def _frozen(value: Any) -> Any:
    if isinstance(value, Model):
        return _frozen_row(value)
    if isinstance(value, Mapping):
        return MappingProxyType({key: _frozen(each) for key, each in value.items()})
    if isinstance(value, tuple) and hasattr(value, "_make"):
        return value._make(_frozen(each) for each in value)
    if isinstance(value, (list, tuple, QuerySet)):
        return tuple(_frozen(each) for each in value)
    return frozenset(value) if isinstance(value, set) else value


def _frozen_row(row: Model) -> Model:
    if isinstance(row, _Frozen):
        return row
    # First of all: a row and one that came along may name each other.
    row.__class__ = _frozen_class(type(row))
    state = row.__dict__["_state"]
    for related in state.fields_cache.values():
        _frozen(related)
    state.fields_cache = MappingProxyType(dict(state.fields_cache))
    for found in row.__dict__.get("_prefetched_objects_cache", {}).values():
        _frozen(found)
    return row


class _Frozen:
    """Before a model's own class: refuses what would change a row, or ask the database for what it hasn't read."""

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise Frozen(f"{type(self).__name__} is kept for all requests: read the row to change it, or to see more of it")

    __setattr__ = __delattr__ = save = delete = refresh_from_db = _refuse


@cache
def _frozen_class(model: type[Model]) -> type[Model]:
    """A class beside the model's own. Made by `type`: to Django it is no other model, and its rows are the model's."""
    name = model.__name__
    made = type.__new__(ModelBase, name, (_Frozen, model), {"__module__": model.__module__, "__qualname__": name})
    return cast("type[Model]", made)
