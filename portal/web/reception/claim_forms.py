"""What the desk is asked before a Medicare invoice goes out with something red on it."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.common.forms.fields import LineField, MarkField


class OverrideForm(forms.Form):
    """Why it goes out all the same; `seen` is what the page showed as red."""

    reason = LineField(
        label=_("Why it is right all the same"),
        max_length=200,
        help_text=_("It is kept with the invoice, with your name. Nothing about anybody's health."),
        error_messages={"required": _("Say why: it is kept with the invoice.")},
    )
    seen = MarkField(max_length=1000, widget=forms.HiddenInput)
