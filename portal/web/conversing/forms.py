from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from portal.clinic.models import Psychologist
from portal.common.documents import DocumentField
from portal.common.forms.fields import LineField, MarkField, TextField
from portal.common.forms.parts import field_of
from portal.messaging.models import ReplyTemplate
from portal.messaging.models.messages import MOST_CHARACTERS
from portal.messaging.models.threads import MOST_IN_ABOUT
from portal.patients.models import Patient

# What a phone's camera gives, a scan of a letter; larger files are shared as documents.
MOST_BYTES = 10 * 1024 * 1024
DESK = "desk"


class MessageForm(forms.Form):
    """What somebody writes next in a conversation."""

    body = TextField(label=_("Your message"), max_length=MOST_CHARACTERS, widget=forms.Textarea(attrs={"rows": 5}))
    file = DocumentField(
        label=_("A file with it"),
        required=False,
        max_bytes=MOST_BYTES,
        help_text=_("A PDF, a picture or a document, up to 10 MB."),
    )


class BeginForm(MessageForm):
    """A new conversation. `people` are those whom it may be about, `writes_to` whom one may write to of each."""

    field_order = ("patient", "to", "about", "body", "file")

    patient = forms.ModelChoiceField(
        label=_("Who is it about?"),
        queryset=Patient.objects.none(),
        to_field_name="code",
        empty_label=None,
        widget=forms.RadioSelect,
    )
    to = forms.ChoiceField(label=_("To"), widget=forms.RadioSelect)
    about = LineField(label=_("About"), max_length=MOST_IN_ABOUT, help_text=_("A few words, such as: my next session."))

    def __init__(
        self, *args: Any, people: list[Patient], writes_to: dict[int, list[Psychologist]] | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.people, self.writes_to = people, writes_to
        if len(people) > 1:
            patients = field_of(self, "patient", forms.ModelChoiceField)
            patients.queryset = Patient.objects.filter(pk__in=[one.pk for one in people])
        else:
            del self.fields["patient"]
        if writes_to is None:
            del self.fields["to"]
        else:
            known = {one.slug: one.name for theirs in writes_to.values() for one in theirs}
            field_of(self, "to", forms.ChoiceField).choices = [*known.items(), (DESK, _("The front desk"))]

    @property
    def chosen_patient(self) -> Patient:
        """Whom it is about."""
        chosen: Patient = self.cleaned_data.get("patient") or self.people[0]
        return chosen

    @property
    def chosen_psychologist(self) -> Psychologist | None:
        """Who is written to; None for the front desk."""
        theirs = (self.writes_to or {}).get(self.chosen_patient.pk, [])
        return next((one for one in theirs if one.slug == self.cleaned_data.get("to")), None)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        to = cleaned.get("to")
        is_known = "patient" in cleaned or "patient" not in self.fields
        if to and to != DESK and is_known and self.chosen_psychologist is None:
            self.add_error("to", _("They don't see this person. Write to the front desk, or choose another."))
        return cleaned


class SeenForm(forms.Form):
    """What the page showed of the conversation: `Thread.mark`."""

    seen = MarkField(max_length=24, required=False)

    @classmethod
    def read(cls, data: QueryDict) -> str:
        """The mark; empty for what no page of ours sends."""
        form = cls(data)
        return str(form.cleaned_data["seen"]) if form.is_valid() else ""


class UptoForm(forms.Form):
    """Up to which message somebody has read."""

    upto = forms.IntegerField(min_value=1, max_value=999_999_999, widget=forms.HiddenInput)

    @classmethod
    def read(cls, data: QueryDict) -> int:
        """The number; 0 for what no page of ours sends."""
        form = cls(data)
        return int(form.cleaned_data["upto"]) if form.is_valid() else 0


class TemplateForm(forms.ModelForm):  # type: ignore[type-arg]
    """Words to begin answers with."""

    class Meta:
        model = ReplyTemplate
        fields = ("title", "words")
        field_classes = {"title": LineField, "words": TextField}
        widgets = {"words": forms.Textarea(attrs={"rows": 5})}
