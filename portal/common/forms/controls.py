"""Controls as Django's own templates draw them, `<input>`, `<select>` and `<textarea>`, at a tenth of the cost.

A page of hours has sixty of them, and nothing in them differs from form to form but names, values and attributes. A
test draws every widget of Django by its own templates too, and compares.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.formats import localize
from django.utils.functional import Promise
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

# What a widget's `get_context` says of it.
Control = Mapping[str, Any]


def attributes(given: Mapping[str, Any]) -> SafeString:
    """The attributes of a control: True is its name alone, False nothing."""
    written = []
    for name, value in given.items():
        if value is True:
            written.append(f" {conditional_escape(name)}")
        elif value is not False:
            written.append(f' {conditional_escape(name)}="{conditional_escape(value)}"')
    return SafeString("".join(written))


def _input(control: Control) -> str:
    value = "" if control["value"] is None else f' value="{conditional_escape(control["value"])}"'
    name = conditional_escape(control["name"])
    return f'<input type="{control["type"]}" name="{name}"{value}{attributes(control["attrs"])}>'


def _textarea(control: Control) -> str:
    name, value = conditional_escape(control["name"]), conditional_escape(control["value"] or "")
    return f'<textarea name="{name}"{attributes(control["attrs"])}>\n{value}</textarea>'


def _select(control: Control) -> str:
    drawn = [f'<select name="{conditional_escape(control["name"])}"{attributes(control["attrs"])}>']
    for group, options, _ in control["optgroups"]:
        written = [
            f'<option value="{conditional_escape(option["value"])}"{attributes(option["attrs"])}>'
            f"{_words(option['label'])}</option>"
            for option in options
        ]
        drawn += [f'<optgroup label="{_words(group)}">', *written, "</optgroup>"] if group else written
    return "".join([*drawn, "</select>"])


def _choices(control: Control) -> str:
    """Radio buttons or boxes to tick, each in its label."""
    of_the_list = {name: value for name in ("id", "class") if (value := control["attrs"].get(name))}
    drawn = [f"<div{attributes(of_the_list)}>"]
    for group, options, _ in control["optgroups"]:
        written = [f"<div>{_choice(option)}</div>" for option in options]
        drawn += [f"<div><label>{_words(group)}</label>", *written, "</div>"] if group else written
    return "".join([*drawn, "</div>"])


def _choice(control: Control) -> str:
    if not control["wrap_label"]:
        return _input(control)
    target = attributes({"for": control["attrs"]["id"]} if control["attrs"].get("id") else {})
    return f"<label{target}>{_input(control)} {_words(control['label'])}</label>"


def _words(label: object) -> str:
    """A label as a template writes it."""
    if isinstance(label, Promise):
        label = str(label)
    return conditional_escape(label if isinstance(label, str) else str(localize(label)))


_INPUTS: tuple[str, ...] = (
    "input",
    "text",
    "number",
    "email",
    "url",
    "color",
    "search",
    "tel",
    "password",
    "hidden",
    "file",
    "checkbox",
    "date",
    "datetime",
    "time",
)
_DRAWN: dict[str, Callable[[Control], str]] = {
    **dict.fromkeys(_INPUTS, _input),
    "textarea": _textarea,
    "select": _select,
    **dict.fromkeys(("radio", "checkbox_select"), _choices),
    **dict.fromkeys(("radio_option", "checkbox_option"), _choice),
}
# By the template that a widget names. Others are drawn by their templates.
DRAWN = {f"django/forms/widgets/{name}.html": draw for name, draw in _DRAWN.items()}
