"""Dates and times in the reader's language, on the wall clock of a named zone. Templates have them as filters.

Django's own `date` filter converts to the zone of the request, which is not the zone of the place.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import get_language, pgettext, to_locale

# CLDR's patterns, drawn by Babel; where CLDR shortens more than a reader wants, the day's name is written out.
# English, which is most of what is read, is written by hand: it costs a tenth.
PATTERNS = {
    "zh-hans": {
        "day": "y年M月d日 EEEE",
        "day_no_year": "M月d日 EEEE",
        "day_short": "M月d日 E",
        "date_short": "y年M月d日",
        "day_month": "M月d日",
        "weekday": "E",
        # The part of the day that CLDR names: at noon it is 中午, which "a" calls afternoon.
        "clock": "Bh:mm",
    },
    "vi": {
        "day": "EEEE, d 'tháng' M, y",
        "day_no_year": "EEEE, d 'tháng' M",
        "day_short": "EEE, d 'thg' M",
        "date_short": "d 'thg' M, y",
        "day_month": "d 'thg' M",
        "weekday": "EEE",
        "clock": "H:mm",
    },
    "ar": {
        "day": "EEEE، d MMMM y",
        "day_no_year": "EEEE، d MMMM",
        "day_short": "EEEE، d MMMM",
        "date_short": "d MMMM y",
        "day_month": "d MMMM",
        "weekday": "EEEE",
        "clock": "h:mm a",
    },
}


def _local(value: datetime, zone: ZoneInfo | str) -> datetime:
    return timezone.localtime(value, ZoneInfo(zone) if isinstance(zone, str) else zone)


# Lists write the same few days and times again and again.
@lru_cache(maxsize=4096)
def _clock_in(hour: int, minute: int, language: str) -> str:
    if language in PATTERNS:
        from babel.dates import format_time

        return format_time(time(hour, minute), PATTERNS[language]["clock"], locale=to_locale(language))
    return f"{hour % 12 or 12}:{minute:02d} {'am' if hour < 12 else 'pm'}"


@lru_cache(maxsize=4096)
def _day_in(value: date, name: str, english: str, language: str) -> str:
    if language in PATTERNS:
        from babel.dates import format_date

        return format_date(value, PATTERNS[language][name], locale=to_locale(language))
    return date_format(value, english)


def clock(value: datetime, zone: ZoneInfo | str) -> str:
    """`9:00 am`"""
    if not value:
        return ""
    local = _local(value, zone)
    return _clock_in(local.hour, local.minute, get_language() or "")


def day(value: datetime | date, zone: ZoneInfo | str | None = None) -> str:
    """`Tuesday 24 November 2026`"""
    return _written(value, zone, "day", "l j F Y")


def day_no_year(value: datetime | date, zone: ZoneInfo | str | None = None) -> str:
    """`Tuesday 24 November`"""
    return _written(value, zone, "day_no_year", "l j F")


def day_short(value: datetime | date, zone: ZoneInfo | str | None = None) -> str:
    """`Tue 24 Nov`"""
    return _written(value, zone, "day_short", "D j M")


def date_short(value: datetime | date, zone: ZoneInfo | str | None = None) -> str:
    """`24 Nov 2026`"""
    return _written(value, zone, "date_short", "j M Y")


def _written(value: datetime | date, zone: ZoneInfo | str | None, name: str, english: str) -> str:
    if not value:
        return ""
    if isinstance(value, datetime) and zone is None and value.tzinfo is UTC:
        raise ValueError("a moment has no date before its zone is said")
    local = _local(value, zone) if isinstance(value, datetime) and zone else value
    return _day_in(local.date() if isinstance(local, datetime) else local, name, english, get_language() or "")


def weekday_short(value: date) -> str:
    """`Tue`"""
    return _written(value, None, "weekday", "D")


def day_month(value: date) -> str:
    """`24 Nov`"""
    return _written(value, None, "day_month", "j M")


def local_day(value: datetime, zone: ZoneInfo | str) -> date:
    """The date there, then."""
    return _local(value, zone).date()


def when(value: datetime, zone: ZoneInfo | str) -> str:
    """`Tuesday 24 November 2026, 9:00 am`"""
    return _at(day(value, zone), value, zone)


def when_short(value: datetime, zone: ZoneInfo | str) -> str:
    """`Tue 24 Nov, 9:00 am`"""
    return _at(day_short(value, zone), value, zone)


def when_dated(value: datetime, zone: ZoneInfo | str) -> str:
    """`24 Nov 2026, 9:00 am`"""
    return _at(date_short(value, zone), value, zone)


def _at(written_day: str, value: datetime, zone: ZoneInfo | str) -> str:
    if not value:
        return ""
    return pgettext("day, time", "%(day)s, %(time)s") % {"day": written_day, "time": clock(value, zone)}


def iso(value: datetime) -> str:
    """For `<time datetime>` and form values: UTC, to the minute."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


def place_of_zone(zone: ZoneInfo | str) -> str:
    """`Lord Howe` of Australia/Lord_Howe. Abbreviations are ambiguous (EST) or are numbers, so none is printed."""
    return str(zone).rsplit("/", 1)[-1].replace("_", " ")


def utc_offset(value: datetime, zone: ZoneInfo | str) -> str:
    """`UTC+10:30`"""
    offset = _local(value, zone).utcoffset() or timedelta()
    minutes = int(offset.total_seconds() // 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}{f':{rest:02d}' if rest else ''}"
