"""Where a session is to be, as somebody types it, and as the question about it sends it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.clinic.models import Psychologist
from portal.common.forms.fields import DateField, MarkField, TimeField, moment
from portal.common.forms.parts import field_of


class MoveForm(forms.Form):
    """Where a session is to be, on the calendar's wall clock."""

    day = DateField(label=_("Day"), picker=True, error_messages={"required": _("Which day?")})
    at = TimeField(label=_("Time"), error_messages={"required": _("What time?")})
    psychologist = forms.ChoiceField(label=_("With"))

    def __init__(self, *args: Any, people: Sequence[Psychologist], zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        field = field_of(self, "psychologist", forms.ChoiceField)
        field.choices = [(person.slug, person.name) for person in people]
        if len(people) == 1:
            field.widget = forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if (day := data.get("day")) and (at := data.get("at")):
            try:
                data["starts_at"] = moment(day, at, self.zone)
            except ValidationError as error:
                self.add_error("at", error)
        return data


# The page of free times, as one from which the question was come to.
TIMES = "times"


class Sent(NamedTuple):
    """What the question is about, as its address and its form say it: nothing of it is trusted to be there."""

    to: str
    mode: str
    came_from: str
    is_outside: bool


class SentForm(forms.Form):
    """Where a session is to be and how, whether that is meant outside the hours, and where the question came from."""

    to = MarkField(required=False, max_length=200)
    mode = MarkField(required=False, max_length=10)
    outside = MarkField(required=False, max_length=3)
    came_from = MarkField(required=False, max_length=10)

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Sent:
        """Reads a form or an address; what can't be read is empty."""
        form = cls(data)
        form.full_clean()
        said = form.cleaned_data
        return Sent(said.get("to", ""), said.get("mode", ""), said.get("came_from", ""), said.get("outside") == "yes")
