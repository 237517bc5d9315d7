"""The days, or hours of them, over which somebody is away, works or is closed: typed and looked over in one way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.common.forms.fields import DateField, TimeField, moment

LONGEST = timedelta(days=366)
A_DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Stretch:
    """What was typed, on the wall clock of one place, and the moments that it comes to.

    `last_day` counts too. No `from_time` is the beginning of the first day, no `until_time` the end of the last.
    """

    first_day: date
    last_day: date
    from_time: time | None
    until_time: time | None
    starts_at: datetime
    ends_at: datetime

    @property
    def lasts_a_day(self) -> bool:
        """Whether it is no longer than a day, as clocks show it: the day on which they change is one too."""
        begins = datetime.combine(self.first_day, self.from_time or time())
        ends = datetime.combine(self.last_day + timedelta(days=self.until_time is None), self.until_time or time())
        return ends - begins <= A_DAY


class StretchForm(forms.Form):
    """From a day, perhaps a time of it, until a day, perhaps a time of it. Without times it is whole days."""

    first_day = DateField(label=_("From"), picker=True)
    from_time = TimeField(label=_("Start time"), required=False)
    last_day = DateField(label=_("Until"), picker=True, required=False)
    until_time = TimeField(label=_("End time"), required=False, is_end=True)

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now

    def stretch_in(self, zone: ZoneInfo, *, a_day_at_most: bool = False) -> Stretch | None:
        """What was typed on the clock of `zone`; None, and what is wrong beside its field, where that can't be."""
        data = self.cleaned_data
        first, begins, until = data["first_day"], data.get("from_time"), data.get("until_time")
        last = data.get("last_day") or first
        # No time is the end of that day, as 24:00 is. A picker has only 00:00, which begins a later day.
        is_whole = until is None or bool(until.fold) or (until == time() and last == first)
        if until == time() and not is_whole:
            last, is_whole = last - timedelta(days=1), True
        start = self._moment("from_time", first, begins or time(), zone)
        end = self._moment("until_time", last + timedelta(days=is_whole), time() if is_whole else until or time(), zone)
        if start is None or end is None:
            return None
        stretch = Stretch(first, last, begins if begins != time() else None, None if is_whole else until, start, end)
        wrong = self._what_is_wrong(stretch, a_day_at_most=a_day_at_most)
        if wrong is not None:
            self.add_error(*wrong)
        return stretch if wrong is None else None

    def _what_is_wrong(self, stretch: Stretch, *, a_day_at_most: bool) -> tuple[str, ValidationError] | None:
        named = self.cleaned_data.get("last_day")
        if stretch.ends_at <= stretch.starts_at:
            field = "last_day" if named and named < stretch.first_day else "until_time"
            return field, ValidationError(_("This is before it starts."), code="order")
        if a_day_at_most and not stretch.lasts_a_day:
            return "last_day", ValidationError(_("Extra hours last a day at most. Add each day."), code="long")
        if stretch.ends_at <= self.now:
            # It would change nothing and be listed nowhere: more likely another month was meant.
            field = "last_day" if named else "first_day"
            return field, ValidationError(_("This time is over. Check the date."), code="past")
        if stretch.ends_at - stretch.starts_at > LONGEST:
            return "last_day", ValidationError(_("That is more than a year. Check the dates."), code="long")
        return None

    def _moment(self, name: str, day: date, at: time, zone: ZoneInfo) -> datetime | None:
        try:
            return moment(day, at, zone)
        except ValidationError as skipped:
            self.add_error(name, skipped)
            return None
