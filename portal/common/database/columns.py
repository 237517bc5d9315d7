"""What a model's columns take, asked by the forms and rules that must keep to it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.options import Options


def column_of(options: Options[Any], name: str) -> models.Field[Any, Any]:
    """The model's own column, by its `_meta`; raises FieldDoesNotExist, and TypeError for a relation's far end."""
    column = options.get_field(name)
    if not isinstance(column, models.Field):
        raise TypeError(f"{name} is no column of {options.label}")
    return column


def text_column(model: type[models.Model], name: str) -> models.CharField[Any, Any]:
    """One of the model's columns of short text; raises TypeError on any other."""
    column = model._meta.get_field(name)
    if not isinstance(column, models.CharField):
        raise TypeError(f"{model.__name__}.{name} is no short text")
    return column


def longest(model: type[models.Model], name: str) -> int:
    """How many characters a column of short text takes; raises TypeError where there is no such column or limit."""
    return limit_of(text_column(model, name))


def limit_of(column: models.Field[Any, Any]) -> int:
    """How many characters a column takes; raises TypeError where it has no limit."""
    if column.max_length is None:
        raise TypeError(f"{column.name} takes text of any length")
    return column.max_length
