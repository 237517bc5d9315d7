"""Dates and times in the reader's language, on the wall clock of a named zone. Templates have them as filters.

Django's own `date` filter converts to the zone of the request, which is not the zone of the place.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import get_language, gettext, pgettext, pgettext_lazy, to_locale

# CLDR's patterns, drawn by Babel; where CLDR shortens more than a reader wants, the day's name is written out.
# English, which is most of what is read, is written by hand: it costs a tenth.
PATTERNS = {
    "zh-hans": {
        "day": "y年M月d日EEEE",
        "day_no_year": "M月d日EEEE",
        "day_short": "M月d日E",
        "day_dated": "y年M月d日E",
        "date_short": "y年M月d日",
        "day_month": "M月d日",
        "weekday": "E",
        "weekday_long": "EEEE",
        "month": "M月",
        "month_year": "y年M月",
        # The part of the day that CLDR names: at noon it is 中午, which "a" calls afternoon.
        "clock": "Bh:mm",
    },
    "vi": {
        "day": "EEEE, d 'tháng' M, y",
        "day_no_year": "EEEE, d 'tháng' M",
        "day_short": "EEE, d 'thg' M",
        "day_dated": "EEE, d 'thg' M, y",
        "date_short": "d 'thg' M, y",
        "day_month": "d 'thg' M",
        "weekday": "EEE",
        "weekday_long": "EEEE",
        "month": "'tháng' M",
        "month_year": "'tháng' M, y",
        "clock": "H:mm",
    },
    "ar": {
        "day": "EEEE، d MMMM y",
        "day_no_year": "EEEE، d MMMM",
        "day_short": "EEEE، d MMMM",
        "day_dated": "EEEE، d MMMM y",
        "date_short": "d MMMM y",
        "day_month": "d MMMM",
        "weekday": "EEEE",
        "weekday_long": "EEEE",
        "month": "MMMM",
        "month_year": "MMMM y",
        "clock": "h:mm a",
    },
}

# The places by which Australians name their time zones. CLDR knows those of the rest of the world, but calls Canberra
# Sydney, and misspells Brisbane and Perth in Arabic.
PLACES = {
    "Australia/Adelaide": pgettext_lazy("place", "Adelaide"),
    "Australia/Brisbane": pgettext_lazy("place", "Brisbane"),
    "Australia/Broken_Hill": pgettext_lazy("place", "Broken Hill"),
    "Australia/Canberra": pgettext_lazy("place", "Canberra"),
    "Australia/Darwin": pgettext_lazy("place", "Darwin"),
    "Australia/Eucla": pgettext_lazy("place", "Eucla"),
    "Australia/Hobart": pgettext_lazy("place", "Hobart"),
    "Australia/Lindeman": pgettext_lazy("place", "Lindeman"),
    "Australia/Lord_Howe": pgettext_lazy("place", "Lord Howe"),
    "Australia/Melbourne": pgettext_lazy("place", "Melbourne"),
    "Australia/Perth": pgettext_lazy("place", "Perth"),
    "Australia/Sydney": pgettext_lazy("place", "Sydney"),
}


def _local(value: datetime, zone: ZoneInfo | str) -> datetime:
    return timezone.localtime(value, ZoneInfo(zone) if isinstance(zone, str) else zone)


# Lists write the same few days and times again and again.
@lru_cache(maxsize=4096)
def _clock_in(hour: int, minute: int, language: str) -> str:
    if language in PATTERNS:
        from babel.dates import format_time

        written = format_time(time(hour, minute), PATTERNS[language]["clock"], locale=to_locale(language))
        # In a narrow line the half of the day would go to the next one, and be read with what follows.
        return written.replace(" ", "\N{NO-BREAK SPACE}")
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


def clock_of(wall: time) -> str:
    """`9:00 am`, of a time that is on the wall already."""
    return _clock_in(wall.hour, wall.minute, get_language() or "")


def day(value: datetime | date, zone: ZoneInfo | str | None = None) -> str:
    """`Tuesday 24 November 2026`"""
    return _written(value, zone, "day", "l j F Y")


def day_no_year(value: datetime | date, zone: ZoneInfo | str | None = None) -> str:
    """`Tuesday 24 November`, and of another year than this one `Tuesday 24 November 2027`."""
    if not _is_of_this_year(value, zone):
        return day(value, zone)
    return _written(value, zone, "day_no_year", "l j F")


def day_short(value: datetime | date, zone: ZoneInfo | str | None = None) -> str:
    """`Tue 24 Nov`, and of another year than this one `Wed 24 Nov 2027`."""
    if not _is_of_this_year(value, zone):
        return day_dated(value, zone)
    return _written(value, zone, "day_short", "D j M")


def day_dated(value: datetime | date, zone: ZoneInfo | str | None = None) -> str:
    """`Tue 24 Nov 2026`"""
    return _written(value, zone, "day_dated", "D j M Y")


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


def _is_of_this_year(value: datetime | date, zone: ZoneInfo | str | None) -> bool:
    """Whether a day without its year is read as the right one. Asked as it is written, which no rule rests on."""
    if not value:
        return True
    here = _local(value, zone) if isinstance(value, datetime) and zone else value
    return here.year == timezone.localtime(timezone.now(), ZoneInfo(str(zone)) if zone else None).year


def weekday_short(value: date) -> str:
    """`Tue`"""
    return _written(value, None, "weekday", "D")


def weekday(value: date) -> str:
    """`Tuesday`, as it stands within a sentence."""
    return within(_written(value, None, "weekday_long", "l"))


def month(value: date) -> str:
    """`November`, as it stands within a sentence."""
    return _written(value, None, "month", "F")


def month_year(value: date) -> str:
    """`November 2026`, as it stands within a sentence."""
    return _written(value, None, "month_year", "F Y")


def within(written_day: str) -> str:
    """A day as it stands within a sentence: Vietnamese begins a line with `Thứ Ba`, and writes `thứ Ba` elsewhere."""
    return f"t{written_day[1:]}" if get_language() == "vi" and written_day.startswith("Th") else written_day


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
    """`Tue 24 Nov, 9:00 am`; with its year if that is another one."""
    return _at(day_short(value, zone), value, zone)


def when_dated(value: datetime, zone: ZoneInfo | str) -> str:
    """`24 Nov 2026, 9:00 am`"""
    return _at(date_short(value, zone), value, zone)


def _at(written_day: str, value: datetime, zone: ZoneInfo | str) -> str:
    if not value:
        return ""
    written = pgettext("day, time", "%(day)s, %(time)s") % {"day": written_day, "time": clock(value, zone)}
    return written if written.startswith(written_day) else written.replace(written_day, within(written_day))


def stretch(start: datetime, end: datetime, zone: ZoneInfo | str) -> str:
    """`Thu 26 Nov, 9:00 am – 12:00 pm`, or for whole days `Mon 14 Dec – Wed 16 Dec`."""
    begins, ends = _local(start, zone), _local(end, zone)
    if begins.time() == ends.time() == time():
        last = ends.date() - timedelta(days=1)
        first = day_short(begins.date())
        return first if last <= begins.date() else f"{first} – {day_short(last)}"
    last_day, at = ends.date(), clock(end, zone)
    if ends.time() == time():
        last_day, at = last_day - timedelta(days=1), gettext("midnight")
    until = at if begins.date() == last_day else f"{day_short(last_day)}, {at}"
    return f"{day_short(begins.date())}, {clock(start, zone)} – {until}"


def when_there(value: datetime, zone: ZoneInfo | str) -> str:
    """`Tuesday 24 November 2026, 9:00 am (Melbourne time)`: a deadline that costs who reads it by another clock."""
    return _there(when(value, zone), zone)


def when_short_there(value: datetime, zone: ZoneInfo | str) -> str:
    """`Tue 24 Nov, 9:00 am (Perth time)`"""
    return _there(when_short(value, zone), zone)


def clock_there(value: datetime, zone: ZoneInfo | str) -> str:
    """`9:00 am (Melbourne time)`"""
    return _there(clock(value, zone), zone)


def _there(written: str, zone: ZoneInfo | str) -> str:
    words = pgettext("a moment, and the place by whose clock it is told", "%(moment)s (%(place)s time)")
    return words % {"moment": written, "place": place_of_zone(zone)} if written else ""


def iso(value: datetime) -> str:
    """For `<time datetime>` and form values: UTC, to the minute."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


def place_of_zone(zone: ZoneInfo | str) -> str:
    """`Lord Howe` of Australia/Lord_Howe. Abbreviations are ambiguous (EST) or are numbers, so none is printed."""
    return _place_in(str(zone), get_language() or "")


@lru_cache(maxsize=512)
def _place_in(zone: str, language: str) -> str:
    if zone in PLACES:
        return str(PLACES[zone])
    if language in PATTERNS:
        from babel.dates import get_timezone_location

        return str(get_timezone_location(ZoneInfo(zone), locale=to_locale(language), return_city=True))
    return zone.rsplit("/", 1)[-1].replace("_", " ")


def are_apart(zone: ZoneInfo, other: ZoneInfo, *, at: datetime) -> bool:
    """Whether two wall clocks show different times at a moment."""
    return zone is not other and at.astimezone(zone).utcoffset() != at.astimezone(other).utcoffset()


def on_own_clock(moment: datetime, zone: ZoneInfo, own: ZoneInfo | None) -> str:
    """`8:00 am (Brisbane time)` where a reader's own clock differs from the place's then, else nothing.

    Its day is said too if that differs.
    """
    if not own or not are_apart(zone, own, at=moment):
        return ""
    is_same_day = local_day(moment, zone) == local_day(moment, own)
    return clock_there(moment, own) if is_same_day else when_short_there(moment, own)


def utc_offset(value: datetime, zone: ZoneInfo | str) -> str:
    """`UTC+10:30`"""
    offset = _local(value, zone).utcoffset() or timedelta()
    minutes = int(offset.total_seconds() // 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}{f':{rest:02d}' if rest else ''}"
