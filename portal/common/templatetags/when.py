"""Times as people read them, always on the wall clock of a named zone: `{{ a.starts_at|clock:a.zone }}`.

Django's own `date` filter converts to the zone of the request, which is not the zone of the place.
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django import template
from django.utils import formats, timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import get_language, pgettext

register = template.Library()


def _local(value: datetime, zone: ZoneInfo | str) -> datetime:
    return timezone.localtime(value, ZoneInfo(zone) if isinstance(zone, str) else zone)


def _in_english() -> bool:
    return (get_language() or "en").startswith("en")


@register.filter
def clock(value: datetime, zone: ZoneInfo | str) -> str:
    """`9:00 am`"""
    if not value:
        return ""
    local = _local(value, zone)
    if not _in_english():
        return formats.time_format(local.time(), "TIME_FORMAT")
    return f"{local.hour % 12 or 12}:{local.minute:02d} {'am' if local.hour < 12 else 'pm'}"


@register.filter
def day(value: datetime | date, zone: ZoneInfo | str | None = None) -> str:
    """`Tuesday 24 November 2026`"""
    return _written(value, zone, "l j F Y")


@register.filter
def day_no_year(value: datetime | date, zone: ZoneInfo | str | None = None) -> str:
    """`Tuesday 24 November`"""
    return _written(value, zone, "l j F")


@register.filter
def day_short(value: datetime | date, zone: ZoneInfo | str | None = None) -> str:
    """`Tue 24 Nov`"""
    return _written(value, zone, "D j M")


@register.filter
def date_short(value: datetime | date, zone: ZoneInfo | str | None = None) -> str:
    """`24 Nov 2026`"""
    return _written(value, zone, "j M Y")


def _written(value: datetime | date, zone: ZoneInfo | str | None, english: str) -> str:
    if not value:
        return ""
    local = _local(value, zone) if isinstance(value, datetime) and zone else value
    if _in_english():
        return date_format(local, english)
    on = local.date() if isinstance(local, datetime) else local
    return f"{date_format(on, 'l')} {formats.date_format(on, 'DATE_FORMAT')}".strip()


@register.filter
def weekday_short(value: date) -> str:
    """`Tue`"""
    return date_format(value, "D")


@register.filter
def day_month(value: date) -> str:
    """`24 Nov`"""
    return date_format(value, "j M") if _in_english() else formats.date_format(value, "MONTH_DAY_FORMAT")


@register.filter
def local_day(value: datetime, zone: ZoneInfo | str) -> date:
    """The date there, then."""
    return _local(value, zone).date()


@register.filter
def when(value: datetime, zone: ZoneInfo | str) -> str:
    """`Tuesday 24 November 2026, 9:00 am`"""
    if not value:
        return ""
    return pgettext("day, time", "%(day)s, %(time)s") % {"day": day(value, zone), "time": clock(value, zone)}


@register.filter
def iso(value: datetime) -> str:
    """For `<time datetime>` and form values: UTC, to the minute."""
    return value.astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%MZ")


@register.filter
def place_of_zone(zone: ZoneInfo | str) -> str:
    """`Lord Howe` of Australia/Lord_Howe. Abbreviations are ambiguous (EST) or are numbers, so none is printed."""
    return str(zone).rsplit("/", 1)[-1].replace("_", " ")


@register.filter
def utc_offset(value: datetime, zone: ZoneInfo | str) -> str:
    """`UTC+10:30`"""
    minutes = int(_local(value, zone).utcoffset().total_seconds() // 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}{f':{rest:02d}' if rest else ''}"
