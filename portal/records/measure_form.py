"""The form of an outcome measure: one question for each item, in the words of its authors."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.common.forms.fields import DateField
from portal.records.instruments.shape import Answer, Instrument

_NO_ANSWER: Final = _("Choose an answer.")


class MeasureForm(forms.Form):
    """Turns what was chosen into values by the items' numbers; an item without an answer is named."""

    def __init__(self, *args: Any, instrument: Instrument, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instrument = instrument
        for number, words in enumerate(instrument.items, start=1):
            self.fields[f"item_{number}"] = _question(f"{number}. {words}", instrument.answers)
        if instrument.unscored:
            self.fields["unscored"] = _question(instrument.unscored, instrument.unscored_answers, required=False)

    @property
    def given(self) -> dict[int, int]:
        """The values of the items by their numbers."""
        return {n: self.cleaned_data[f"item_{n}"] for n in range(1, len(self.instrument.items) + 1)}

    @property
    def unscored(self) -> int | None:
        value: int | None = self.cleaned_data.get("unscored")
        return value


class PaperForm(MeasureForm):
    """The same as it was filled in on paper, on a day that is not to come."""

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        questions = self.fields
        self.fields = {"answered_on": DateField(label=_("Filled in on"), picker=True, initial=today), **questions}

    def clean_answered_on(self) -> date:
        day: date = self.cleaned_data["answered_on"]
        if day > self.today:
            raise ValidationError(_("This day is still to come."), code="future")
        if (self.today - day).days > 366:
            raise ValidationError(_("This is more than a year ago. Check the year."), code="old")
        return day

    def answered_at(self, *, zone: ZoneInfo, now: datetime) -> datetime:
        """Noon of that day, or now where that is not over yet."""
        return min(datetime.combine(self.cleaned_data["answered_on"], time(12), zone), now)


def _question(label: str, answers: tuple[Answer, ...], *, required: bool = True) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label,
        choices=[(str(answer.value), answer.words) for answer in answers],
        coerce=int,
        empty_value=None,
        required=required,
        widget=forms.RadioSelect,
        error_messages={"required": _NO_ANSWER, "invalid_choice": _NO_ANSWER},
    )
