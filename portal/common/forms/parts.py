"""A form's fields and what was sent to it, as the kinds that they are: Django's own types know only `Field`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from django import forms
from django.http import QueryDict

_Field = TypeVar("_Field", bound=forms.Field)


def field_of(form: forms.BaseForm, name: str, kind: type[_Field]) -> _Field:
    """The form's field of this name; raises KeyError without one, and TypeError for one of another kind."""
    field = form.fields[name]
    if not isinstance(field, kind):
        raise TypeError(f"{name} is a {type(field).__name__}, not a {kind.__name__}.")
    return field


def sent_with(data: Mapping[str, Any], name: str, value: str) -> Mapping[str, Any]:
    """A copy of what was sent in which this field holds this value."""
    if isinstance(data, QueryDict):
        changed = data.copy()
        changed[name] = value
        return changed
    return {**data, name: value}
