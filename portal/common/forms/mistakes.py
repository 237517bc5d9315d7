"""Which fields of a form are wrong, as a page names them to what clears their errors once they are right."""

from __future__ import annotations

from django.forms import BaseForm

# The form as a whole, beside the ids of its fields.
WHOLE = "form"


def wrong_in(*forms: BaseForm, whole: bool = False) -> str:
    """The ids of the fields that are wrong, with a space between; `whole` says that the form itself is wrong too."""
    ids = [form[name].auto_id for form in forms if form.is_bound for name in form.errors if name in form.fields]
    return " ".join([*ids, *[WHOLE] * (whole or any(form.is_bound and form.non_field_errors() for form in forms))])
