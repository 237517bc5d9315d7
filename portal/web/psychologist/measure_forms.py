"""What a psychologist sends about outcome measures and about answers that worry."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.records.models import MeasureKey
from portal.web.psychologist.forms import ClinicalWords


class AskForm(forms.Form):
    """Which measure, and when: once, or before sessions."""

    EVERY = (
        ("once", _("Once, now")),
        ("1", _("Before every session")),
        ("2", _("Before every second session")),
        ("3", _("Before every third session")),
        ("4", _("Before every fourth session")),
        ("at", _("Before sessions 1, 6 and 10 from now on")),
    )
    AT = (1, 6, 10)

    instrument = forms.ChoiceField(label=_("Measure"), choices=MeasureKey.choices)
    when = forms.ChoiceField(label=_("When"), choices=EVERY, initial="once")

    @property
    def is_once(self) -> bool:
        return bool(self.cleaned_data["when"] == "once")

    @property
    def every(self) -> int | None:
        when = self.cleaned_data["when"]
        return int(when) if when.isdigit() else None


class DoneForm(forms.Form):
    """What was done about answers that worry."""

    done = ClinicalWords(
        label=_("What you did"),
        most=5000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Whom you reached, what you agreed, and what comes next. It stays as you write it."),
        error_messages={"required": _("Write down what you did.")},
    )

    def clean_done(self) -> str:
        done: str = self.cleaned_data["done"].strip()
        if not done:
            raise ValidationError(_("Write down what you did."), code="required")
        return done
