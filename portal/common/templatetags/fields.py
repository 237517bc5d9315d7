"""A form's field with its label, help and errors, filled instead of drawn: a page to edit has two dozen of them."""

from __future__ import annotations

from collections.abc import Sequence

from django import template
from django.forms import BoundField
from django.forms.forms import BaseForm
from django.template import Context
from django.template.loader import render_to_string
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from portal.common.access.actors import Actor
from portal.common.forms.shown import TAKEN, MergesChanges
from portal.common.languages import punctuation
from portal.common.web.stencils import Stencil

register = template.Library()

_FIELD = Stencil("portal_forms/_field.html", holes="id target label help errors control prefix suffix described_by")


def _is_for_staff(context: Context) -> bool:
    """Whether the page is one of somebody who works here: they fill in the same forms every day."""
    actor: Actor | None = getattr(context.get("request"), "actor", None)
    return actor is not None and actor.is_staff


def _mark(context: Context, field: BoundField) -> str:
    """What a label says of it: staff see the few that must be filled in, everybody else those that may stay empty."""
    if field.name in getattr(field.form, "one_of", ()):
        # A form names in `one_of` the fields of which it wants one at the least.
        return "one of"
    # A form names in `needed_where_shown` the fields that show only where another one asks for them.
    is_needed = field.field.required or field.name in getattr(field.form, "needed_where_shown", ())
    if _is_for_staff(context):
        return "required" if is_needed else ""
    return "" if is_needed else "optional"


@register.simple_tag(takes_context=True)
def required_note(context: Context, form: BaseForm | Sequence[BaseForm] | None) -> SafeString:
    """What the mark of required fields means, once above a form of the staff's that has any; nothing elsewhere."""
    forms = [form] if isinstance(form, BaseForm) else form or []
    if not _is_for_staff(context) or not any(field.field.required for one in forms for field in one.visible_fields()):
        return SafeString("")
    words = _("marks what must be filled in.")
    return format_html('<p class="required-note"><span class="required" aria-hidden="true"></span> {}</p>', words)


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
        mark=_mark(context, field),
        is_described=bool(described_by),
        has_prefix=bool(prefix),
        has_suffix=bool(suffix),
        is_code=bool(context.get("code")),
        choices_class=str(context.get("choices_class") or ""),
        wrapper_class=str(context.get("wrapper_class") or ""),
    )
    drawn = _errors(field) if shows_errors else ""
    words = (field.auto_id, field.id_for_label, field.label, mark_safe(help_text), drawn, control)  # noqa: S308
    return fill((*words, prefix, suffix, described_by or ""))


def _errors(field: BoundField) -> SafeString:
    """What is wrong with a field; and where it was changed on two pages, what either says."""
    form = field.form
    conflict = form.conflicts.get(field.name) if isinstance(form, MergesChanges) else None
    about = {"field": field, "conflict": conflict, "taken": form.add_prefix(TAKEN)}
    return render_to_string("portal_forms/layout/field_errors.html", about)


# A label may be a whole sentence, such as a box that somebody ticks. One that asks needs no colon before the answer.
_STOPS = ".:;,。：；，．؛،"
_ASKS = tuple("?!？！؟")


@register.filter
def named(field: BoundField) -> str:
    """A field's label at the beginning of a line: without links of its own, and without a stop at its end."""
    return strip_tags(str(field.label or "")).strip().rstrip(_STOPS).rstrip()


@register.filter
def colon_after(field: BoundField) -> str:
    """What stands between that and what is said of it: one mark, never two in a row."""
    return punctuation.space() if named(field).endswith(_ASKS) else punctuation.colon()
