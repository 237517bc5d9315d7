"""Days, months and times of day, read from what people type."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.common.languages import times
from portal.common.text.typed import plain

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_ISO = re.compile(r"(?P<year>[0-9]{4})[-/.](?P<month>[0-9]{1,2})[-/.](?P<day>[0-9]{1,2})")
_AUSTRALIAN = re.compile(r"(?P<day>[0-9]{1,2})\s*[-/. ]\s*(?P<month>[0-9]{1,2})\s*[-/. ]\s*(?P<year>[0-9]+)")
_COMPACT = re.compile(r"(?P<day>[0-9]{2})(?P<month>[0-9]{2})(?P<year>[0-9]{4})")
_WRITTEN = re.compile(r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?[\s-]+(?P<month>[a-z]{3,9})\.?,?[\s-]+(?P<year>[0-9]+)")


# The years that a clinic plans in, or looks back on.
NEAR = range(2000, 2101)
_CHINESE = re.compile(r"(?P<year>[0-9]{4}) ?年 ?(?P<month>[0-9]{1,2}) ?月 ?(?P<day>[0-9]{1,2}) ?[日号]")
# The slash of Arabic dates.
_SLASHES = str.maketrans({"\u060d": "/", "\u2044": "/", "\u2215": "/"})


def read_date(text: str, *, born_by: date | None = None) -> date:
    """Reads `23/4/1990`, `23.04.1990`, `23 April 1990`, `23041990` or `1990-04-23`, in digits of any script.

    Of a birth date, which lies no later than `born_by`, the year may have two digits. Raises ValidationError.
    """
    text = plain(str(text).translate(_SLASHES)).casefold()
    match = next(filter(None, (p.fullmatch(text) for p in (_ISO, _AUSTRALIAN, _COMPACT, _WRITTEN, _CHINESE))), None)
    if match is None or (month := _month(match["month"])) is None:
        raise ValidationError(_("Write the date as day, month and year, such as 23/4/1990."), code="date")
    day, year = int(match["day"]), match["year"]
    if born_by and len(year) == 2:
        year = _year_of_birth(int(year), month, day, by=born_by)
    if len(year) != 4:
        raise ValidationError(_("Write the year with four digits, such as 1990."), code="date_year")
    try:
        return date(int(year), month, day)
    except ValueError:
        if 1 <= month <= 12:
            raise ValidationError(
                _("There is no %(day)d %(month)s %(year)s. Check the day and the month."),
                code="no_such_date",
                params={"day": day, "month": times.month(date(2000, month, 1)), "year": year},
            ) from None
        raise ValidationError(
            _("There is no month %(month)d. Write the day first, then the month."),
            code="no_such_month",
            params={"month": month},
        ) from None


def _year_of_birth(short: int, month: int, day: int, *, by: date) -> str:
    """The latest year that ends so and in which the day is not still to come."""
    year = by.year - by.year % 100 + short
    return str(year if (year, month, day) <= (by.year, by.month, by.day) else year - 100)


def _month(text: str) -> int | None:
    if text.isdecimal():
        return int(text)
    return next((number for number, name in enumerate(_MONTHS, start=1) if name.startswith(text)), None)


class DateField(forms.DateField):
    """A date typed in one box, the day first. A date that doesn't exist is named, and stays in the box.

    One box, not a native date picker: nobody wants to click back to 1961, and a picker turns 31 February into an empty
    value, so that what was typed is lost. `picker=True` gives the browser's own picker, for days near today: one of
    another age is refused, as no clock of a place can be asked about the first day of all, or the last.
    """

    default_error_messages = {"required": _("Enter the date."), "year": _("Check the year.")}

    def __init__(self, *, picker: bool = False, autocomplete: str = "off", **kwargs: Any) -> None:
        if picker:
            kwargs.setdefault("widget", forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
        else:
            kwargs.setdefault("widget", AustralianDateInput(attrs={"autocomplete": autocomplete}))
        super().__init__(**kwargs)
        self.is_near = picker

    def to_python(self, value: Any) -> date | None:
        if value in self.empty_values or isinstance(value, date):
            return super().to_python(value)
        if not plain(str(value)):
            return None
        if len(str(value)) > 40:
            raise ValidationError(_("Write the date as day, month and year, such as 23/4/1990."), code="date")
        day = self.read(value)
        if self.is_near and day.year not in NEAR:
            raise ValidationError(self.error_messages["year"], code="year")
        return day

    def read(self, text: str) -> date:
        """The day that was typed; raises ValidationError."""
        return read_date(text)


class BirthDateField(DateField):
    """The day somebody was born, whose year may be typed with two digits; the page that comes back shows all four.

    The form says what day it is at the clinic. Where it says none, two digits could be of either century.
    """

    default_error_messages = {"required": _("Enter the date of birth.")}
    today: date | None = None

    def read(self, text: str) -> date:
        return read_date(text, born_by=self.today)

    def bound_data(self, data: Any, initial: Any) -> Any:
        sent = super().bound_data(data, initial)
        if not isinstance(sent, str) or _reads(read_date, sent):
            return sent
        return _reads(self.read, sent) or sent


def _reads(read: Callable[[str], date], text: str) -> date | None:
    try:
        return read(text)
    except ValidationError:
        return None


class AustralianDateInput(forms.DateInput):
    """A box that shows a date as it is written here: 23/04/1990."""

    def format_value(self, value: Any) -> str | None:
        if isinstance(value, date):
            return f"{value.day}/{value.month:02d}/{value.year}"
        return None if value in (None, "") else str(value)


# 24:00, which `time` has no word for: the midnight that ends a day. It equals 00:00, and `fold` tells the two apart.
END_OF_DAY = time(0, 0, fold=1)
_MIDNIGHT = re.compile(r"24(?:[:.]00){0,2}|midnight")
_HALF_OF_DAY = re.compile(r"\s*\b([ap])\.?\s?m\b\.?")


class TimeField(forms.TimeField):
    """A time of day, from the browser's picker or as people type it: `9:00`, `17.30`, `9 am`, `9 a.m.`

    With `is_end` it may be 24:00, given as END_OF_DAY; a picker has only 00:00 for it.
    """

    default_error_messages = {"invalid": _("Write a time, such as 9:00 or 17:30.")}

    def __init__(self, *, is_end: bool = False, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TimeInput(format="%H:%M", attrs={"type": "time", "step": "300"}))
        kwargs.setdefault("input_formats", ["%H:%M", "%H.%M", "%H:%M:%S", "%I:%M%p", "%I.%M%p", "%I%p", "%H"])
        super().__init__(**kwargs)
        self.is_end = is_end

    def to_python(self, value: Any) -> time | None:
        if isinstance(value, str):
            value = _HALF_OF_DAY.sub(r"\1m", plain(value).casefold()) if len(value) <= 40 else value
            if self.is_end and _MIDNIGHT.fullmatch(value):
                return END_OF_DAY
        found = super().to_python(value)
        if found and (found.second or found.microsecond):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return found


def moment(day: date, at: time, zone: tzinfo) -> datetime:
    """The instant of a wall-clock time, the first one where an hour comes twice; raises ValidationError in the hour
    that is left out when clocks go forward."""
    wall = datetime.combine(day, at)
    there = wall.replace(tzinfo=zone)
    if there.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall:
        raise ValidationError(_("The clocks skip this time on that day."), code="skipped")
    return there.astimezone(UTC)


class MonthField(forms.DateField):
    """A card's `valid to`: `04/2029`, `4/29` or `2029-04`; kept as the last day of that month."""

    widget = forms.TextInput
    default_error_messages = {"month": _("Write month and year as on the card, such as 04/2029.")}

    def to_python(self, value: Any) -> date | None:
        if isinstance(value, date):
            return value
        text = plain(str(value or "").translate(_SLASHES))
        if not text:
            return None
        match = re.fullmatch(r"([0-9]{1,2})\s*[-/. ]\s*([0-9]{4}|[0-9]{2})", text)
        backwards = re.fullmatch(r"([0-9]{4})-([0-9]{1,2})", text)
        if match:
            month, year = int(match[1]), int(match[2]) + (2000 if len(match[2]) == 2 else 0)
        elif backwards:
            month, year = int(backwards[2]), int(backwards[1])
        else:
            raise ValidationError(self.error_messages["month"], code="month")
        if not (1 <= month <= 12 and 1984 <= year <= 2100):
            raise ValidationError(self.error_messages["month"], code="month")
        return date(year, month, monthrange(year, month)[1])

    def prepare_value(self, value: Any) -> Any:
        return f"{value.month:02d}/{value.year}" if isinstance(value, date) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != initial)
        except ValidationError:
            return True
