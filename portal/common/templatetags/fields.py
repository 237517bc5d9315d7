"""A form's field with its label, help and errors, filled instead of drawn: a page to edit has two dozen of them."""

from __future__ import annotations

from django import template
from django.forms import BoundField
from django.template import Context
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from portal.common.web.stencils import Stencil

register = template.Library()

_FIELD = Stencil("portal_forms/_field.html", holes="id target label help errors control prefix suffix described_by")


@register.simple_tag(takes_context=True)
def field_here(context: Context) -> SafeString:
    """Draws the field of `portal_forms/field.html`, with the parameters named there."""
    field: BoundField = context["field"]
    control = SafeString(field)
    if field.is_hidden:
        return control
    kind = "choice" if field.widget_type == "checkbox" else "fieldset" if field.use_fieldset else "line"
    errors, help_text = field.errors, str(field.help_text or "")
    shows_errors = bool(errors) and context.get("form_show_errors") is not False
    prefix = context.get("prefix") or context.get("crispy_prepended_text") or ""
    suffix = context.get("suffix") or context.get("crispy_appended_text") or ""
    described_by = field.aria_describedby if kind == "fieldset" else ""
    fill = _FIELD.look(
        kind=kind,
        has_errors=shows_errors,
        is_invalid=bool(errors),
        has_help=bool(help_text),
        hides_label=context.get("form_show_labels") is False,
        is_optional=not field.field.required,
        is_described=bool(described_by),
        has_prefix=bool(prefix),
        has_suffix=bool(suffix),
        is_code=bool(context.get("code")),
        choices_class=str(context.get("choices_class") or ""),
        wrapper_class=str(context.get("wrapper_class") or ""),
    )
    drawn = render_to_string("portal_forms/layout/field_errors.html", {"field": field}) if shows_errors else ""
    words = (field.auto_id, field.id_for_label, field.label, mark_safe(help_text), drawn, control)  # noqa: S308
    return fill((*words, prefix, suffix, described_by or ""))
