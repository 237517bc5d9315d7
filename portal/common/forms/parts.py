"""A form's fields, their widgets and what was sent, as the kinds that they are: Django knows `Field` and `Widget`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from django import forms
from django.http import QueryDict

_Field = TypeVar("_Field", bound=forms.Field)
_Widget = TypeVar("_Widget", bound=forms.Widget)


def field_of(form: forms.BaseForm, name: str, kind: type[_Field]) -> _Field:
    """The form's field of this name; raises KeyError without one, and TypeError for one of another kind."""
    field = form.fields[name]
    if not isinstance(field, kind):
        raise TypeError(f"{name} is a {type(field).__name__}, not a {kind.__name__}.")
    return field


def widget_of(form: forms.BaseForm, name: str, kind: type[_Widget]) -> _Widget:
    """What draws the form's field of this name; raises KeyError without one, and TypeError for one of another kind."""
    widget = form.fields[name].widget
    if not isinstance(widget, kind):
        raise TypeError(f"{name} is drawn by a {type(widget).__name__}, not a {kind.__name__}.")
    return widget


def sent_with(data: Mapping[str, Any], name: str, value: str) -> Mapping[str, Any]:
    """A copy of what was sent in which this field holds this value."""
    if isinstance(data, QueryDict):
        changed = data.copy()
        changed[name] = value
        return changed
    return {**data, name: value}
