"""What a model's columns take, asked by the forms and rules that must keep to it."""

from __future__ import annotations

from typing import Any

from django.db import models


def text_column(model: type[models.Model], name: str) -> models.CharField[Any, Any]:
    """One of the model's columns of short text; raises TypeError on any other."""
    column = model._meta.get_field(name)
    if not isinstance(column, models.CharField):
        raise TypeError(f"{model.__name__}.{name} is no short text")
    return column


def longest(model: type[models.Model], name: str) -> int:
    """How many characters a column of short text takes; raises TypeError where there is no such column or limit."""
    limit = text_column(model, name).max_length
    if limit is None:
        raise TypeError(f"{model.__name__}.{name} takes text of any length")
    return limit
