"""What a field shows, as a browser sends it back untouched: compared, said to a person, and carried by a page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.widgets import ChoiceWidget
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

# Text, a box to tick, or a list of choices or words.
Raw = str | bool | list[str]
Said = Mapping[str, Raw]

# ---- Values ----------------------------------------------------------------------------------------------------------


def raw_of(field: forms.Field, value: Any) -> Raw:
    """A stored value as a browser sends back what the field's control shows of it."""
    if isinstance(field, forms.FileField):
        return str(getattr(value, "name", value) or "").rsplit("/", 1)[-1]
    value, widget = field.prepare_value(value), field.widget
    if isinstance(widget, forms.CheckboxInput):
        return bool(widget.check_test(value))
    if getattr(widget, "allow_multiple_selected", False) or isinstance(value, list | tuple):
        return [str(one) for one in value or []]
    if not isinstance(widget, ChoiceWidget):
        value = widget.format_value(value)
    return "" if value is None else str(value)


def alike(field: forms.Field, one: Raw, other: Raw) -> bool:
    """Whether the field reads the same in both."""
    if one == other:
        return True
    if isinstance(one, list) and isinstance(other, list):
        is_a_set = isinstance(field, forms.MultipleChoiceField | forms.ModelMultipleChoiceField)
        return is_a_set and set(one) == set(other)
    if isinstance(field, forms.FileField | forms.ModelChoiceField):
        return False
    return bool(_understood(field, one) == _understood(field, other))


def _understood(field: forms.Field, value: Raw) -> Any:
    try:
        return field.clean(value)
    except ValidationError:
        return value


def in_words(field: forms.Field, value: Raw) -> str:
    """A value for a person: what its choices are called, a box by what it is, nothing by a word."""
    if isinstance(field, forms.FileField):
        return gettext("A file") if value else gettext("No file")
    if isinstance(value, bool):
        return gettext("Ticked") if value else gettext("Not ticked")
    known = dict(_labels(getattr(field, "choices", ())))
    if isinstance(value, list):
        return ", ".join(known.get(one, one) for one in value) or gettext("Left empty")
    return (known.get(value, value) if value else "") or gettext("Left empty")


def _labels(choices: Iterable[tuple[Any, Any]]) -> Iterable[tuple[str, str]]:
    for value, label in choices:
        if isinstance(label, list | tuple):
            yield from _labels(label)
        else:
            yield str(value), str(label)


# ---- What a page carries ---------------------------------------------------------------------------------------------


def hidden(name: str, value: str) -> SafeString:
    return format_html('<input type="hidden" name="{}" value="{}">', name, value)


def written(said: Mapping[str, Any]) -> str:
    """What a page shows, for a hidden field."""
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def read(text: Any) -> dict[str, Raw]:
    """What a page says that it showed; whatever can't be read, it said nothing of."""
    try:
        said = json.loads(str(text or ""))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(said, dict):
        return {}
    return {name: value for name, value in said.items() if _is_raw(value)}


def _is_raw(value: object) -> bool:
    if isinstance(value, list):
        return all(isinstance(one, str) for one in value)
    return isinstance(value, str | bool)


def several(data: Mapping[str, Any], key: str) -> list[str]:
    """Everything that was sent under this name."""
    if isinstance(data, QueryDict):
        return [str(one) for one in data.getlist(key)]
    value = data.get(key)
    return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)] if value else []


def put(data: Mapping[str, Any], key: str, value: Raw) -> Mapping[str, Any]:
    """A copy of what was sent in which the field holds this value."""
    if value is False or value == []:
        return without(data, key)
    if isinstance(data, QueryDict):
        changed = data.copy()
        changed.setlist(key, value if isinstance(value, list) else ["on" if value is True else str(value)])
        return changed
    return {**data, key: "on" if value is True else value}


def without(data: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """A copy of what was sent without these names."""
    if isinstance(data, QueryDict):
        changed = data.copy()
        for key in keys:
            changed.pop(key, None)
        return changed
    return {name: value for name, value in data.items() if name not in keys}
