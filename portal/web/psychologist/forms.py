"""What a psychologist sends. Whatever can't be read in an address falls back to the page as it begins."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.common.forms.fields import DateField
from portal.common.web.search_words import SearchWords
from portal.records.actions import tidy
from portal.records.models import MOST_CHARACTERS, Report, Template


class DayChoice(forms.Form):
    """A day named in an address; none if it is no day, or of another age."""

    day = DateField(picker=True, required=False)

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> date | None:
        form = cls(data)
        form.full_clean()
        day: date | None = form.cleaned_data.get("day")
        return day


class PatientSearch(forms.Form):
    q = SearchWords()

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> str:
        form = cls(data)
        form.full_clean()
        return str(form.cleaned_data["q"])


# ---- Notes ----------------------------------------------------------------------------------------------------------


class ClinicalWords(forms.CharField):
    """A clinical text as it was typed: only its line ends are made one kind."""

    widget = forms.Textarea

    def __init__(self, *, most: int = MOST_CHARACTERS, **kwargs: Any) -> None:
        self.most = most
        super().__init__(strip=False, **kwargs)

    def to_python(self, value: Any) -> str:
        return tidy(super().to_python(value) or "")

    def validate(self, value: str) -> None:
        super().validate(value)
        if len(value) > self.most:
            raise ValidationError(
                _("There is room for %(most)d characters; this has %(length)d."),
                code="too_long",
                params={"most": self.most, "length": len(value)},
            )


class NoteForm(forms.Form):
    """A draft and the version that it was written on."""

    body = ClinicalWords(label=_("Note"), required=False)
    version = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)
    template = forms.ChoiceField(choices=Template.choices, required=False, widget=forms.HiddenInput)
    # Sent by the button that puts one's own words in the place of those another window saved meanwhile.
    instead_of = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)
    insert = forms.ChoiceField(choices=Template.choices, required=False, widget=forms.HiddenInput)

    def clean_template(self) -> str:
        return str(self.cleaned_data["template"] or Template.FREE)

    @property
    def written_on(self) -> int:
        """The version that the words are meant to replace."""
        chosen: int | None = self.cleaned_data.get("instead_of")
        written_on: int = self.cleaned_data["version"]
        return written_on if chosen is None else chosen


class SignForm(forms.Form):
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)


class AddendumForm(forms.Form):
    body = ClinicalWords(
        label=_("Add to this note"),
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Write what you want to add.")},
    )
    # The form's own name: sent twice, it adds once.
    code = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def clean_body(self) -> str:
        body: str = self.cleaned_data["body"]
        if not body.strip():
            raise ValidationError(_("Write what you want to add."), code="required")
        return body


# ---- Reports --------------------------------------------------------------------------------------------------------


class ReportForm(forms.Form):
    """The words of a report and the version that they were written on."""

    body = ClinicalWords(label=_("Report"), required=False)
    version = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)
    instead_of = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)

    @property
    def written_on(self) -> int:
        """The version that the words are meant to replace."""
        chosen: int | None = self.cleaned_data.get("instead_of")
        written_on: int = self.cleaned_data["version"]
        return written_on if chosen is None else chosen


class SentForm(forms.Form):
    """How a report went to the referrer."""

    how = forms.ChoiceField(label=_("How did it go to them?"), choices=Report.How.choices)
