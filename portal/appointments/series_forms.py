"""What pages of three audiences send about a series: how it recurs, and what is chosen for each of its times."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.appointments.actions.clashes import Terms
from portal.appointments.recurrence import FURTHEST, MOST, Every, Pattern
from portal.common.forms.dates import NEAR
from portal.common.forms.fields import DateField, MarkField, TimeField, WholeNumberField, moment

WEEKLY, FORTNIGHTLY = "weekly", "fortnightly"
MOST_WEEKS_APART = 26


class PatternForm(forms.Form):
    """How a session recurs, and until when: as often as said, or until a day, whichever comes first."""

    needed_where_shown = ("weeks",)

    repeat = forms.ChoiceField(
        label=_("Repeats"),
        choices=[
            (WEEKLY, _("Every week")),
            (FORTNIGHTLY, _("Every 2 weeks")),
            (Every.WEEKS.value, Every.WEEKS.label),
            (Every.MONTH_DATE.value, Every.MONTH_DATE.label),
            (Every.MONTH_WEEKDAY.value, Every.MONTH_WEEKDAY.label),
            (Every.MONTH_LAST.value, Every.MONTH_LAST.label),
        ],
    )
    weeks = WholeNumberField(label=_("Weeks apart"), min_value=1, max_value=MOST_WEEKS_APART, required=False)
    count = WholeNumberField(label=_("How many sessions in all"), min_value=2, max_value=MOST)
    until = DateField(label=_("Until which day"), picker=True, required=False)

    def __init__(self, *args: Any, first_day: date, **kwargs: Any) -> None:
        kwargs["initial"] = {"repeat": WEEKLY, "weeks": 3, "count": 6} | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        self.first_day = first_day

    def clean_until(self) -> date | None:
        until: date | None = self.cleaned_data["until"]
        if until and not self.first_day < until <= self.first_day + FURTHEST:
            raise ValidationError(_("Choose a day after the first session, in the next years."), code="until")
        return until

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("repeat") == Every.WEEKS and "weeks" not in self.errors and not data.get("weeks"):
            self.add_error("weeks", ValidationError(_("How many weeks lie between two sessions?"), code="required"))
        return data

    @property
    def pattern(self) -> Pattern:
        """What was chosen; only of a valid form."""
        data = self.cleaned_data
        every, interval = {
            WEEKLY: (Every.WEEKS, 1),
            FORTNIGHTLY: (Every.WEEKS, 2),
            Every.WEEKS.value: (Every.WEEKS, data["weeks"] or 1),
        }.get(data["repeat"]) or (Every(data["repeat"]), 1)
        return Pattern(every, interval, self.first_day, count=data["count"], until=data["until"])


# What may be chosen for one time of the series, besides a free time that the page named; nothing yet.
ASK = ""
PLANNED, SKIP, OTHER, ALL_THE_SAME = "planned", "skip", "other", "all_the_same"
_STAMP = "%Y-%m-%dT%H:%MZ"


def stamp(moment: datetime) -> str:
    """How a choice names a free time."""
    return moment.astimezone(UTC).strftime(_STAMP)


class TimeChoice(forms.Form):
    """What is chosen for one time: as planned, the nearest that the page named, none, or another that is typed."""

    needed_where_shown = ("day", "at")

    take = MarkField(required=False, max_length=40)
    day = DateField(label=_("Day"), picker=True, required=False)
    at = TimeField(label=_("Time"), required=False)

    def __init__(self, *args: Any, zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        take = data.get("take") or PLANNED
        data["take"], data["starts_at"] = take, None
        if take == OTHER:
            data["starts_at"] = self._typed(data)
        elif take not in {PLANNED, SKIP, ALL_THE_SAME}:
            data["starts_at"] = self._named(take)
        return data

    def _named(self, take: str) -> datetime:
        try:
            named = datetime.strptime(take, _STAMP).replace(tzinfo=UTC)
        except ValueError:
            raise ValidationError(_("Choose one of the times shown."), code="time") from None
        if named.year not in NEAR:
            raise ValidationError(_("Choose one of the times shown."), code="time")
        return named

    def _typed(self, data: dict[str, Any]) -> datetime | None:
        day, at = data.get("day"), data.get("at")
        if day is None and "day" not in self.errors:
            self.add_error("day", ValidationError(_("Which day?"), code="required"))
        if at is None and "at" not in self.errors:
            self.add_error("at", ValidationError(_("What time?"), code="required"))
        if not day or not at:
            return None
        try:
            return moment(day, at, self.zone)
        except ValidationError as error:
            self.add_error("at", error)
            return None


class Which(models.TextChoices):
    """Which sessions of a series are meant, seen from one of them."""

    FOLLOWING = "following", _("This one and those after it")
    ALL = "all", _("All to come")


class MoveForm(forms.Form):
    """To which day and time one session goes, and which others of its series go with it."""

    day = DateField(label=_("This session goes to"), picker=True)
    at = TimeField(label=_("At"))
    which = forms.ChoiceField(label=_("Which sessions"), choices=Which.choices)

    @property
    def drawn_for(self) -> str:
        """What the list of times is drawn for, in one word that its form sends back; only of a valid form."""
        return " ".join(str(said) for said in self.cleaned_data.values())

    @property
    def to(self) -> Terms | None:
        """How they are held from then on; None as now. Only of a valid form."""
        return None

    @property
    def not_given(self) -> str:
        """Why they can't be held so, as `NotOffered` says it; empty where they can. Only of a valid form."""
        return ""


class ChosenSessions(forms.Form):
    """Which sessions of a series were ticked, each by its code and how the page saw it."""

    def __init__(self, *args: Any, values: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["session"] = forms.MultipleChoiceField(
            choices=[(value, value) for value in values],
            error_messages={
                "required": _("Tick at least one session."),
                "invalid_choice": _("One of these sessions was changed meanwhile. Look again, and choose anew."),
            },
        )
