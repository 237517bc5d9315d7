"""The days of a calendar's wall clock, and what falls on each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo

DAY_MINUTES = 24 * 60


class CalendarDay:
    """A day of a calendar's wall clock, and the moments between which it lies."""

    def __init__(self, day: date, zone: tzinfo) -> None:
        self.day, self.zone = day, zone
        self.start = datetime.combine(day, time(), zone).astimezone(UTC)
        self.end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)


def cuts(
    calendar: list[CalendarDay], start: datetime, end: datetime
) -> Iterator[tuple[int, tuple[datetime, datetime, int, int]]]:
    """The part of a stretch that falls on each day, with the day's place."""
    first = calendar[0]
    i = max(0, (start.astimezone(first.zone).date() - first.day).days)
    while i < len(calendar) and calendar[i].start < end:
        one = calendar[i]
        begins, ends = max(start, one.start), min(end, one.end)
        if begins < ends:
            shown = begins.astimezone(one.zone)
            minute = shown.hour * 60 + shown.minute
            minutes = min(int((ends - begins).total_seconds()) // 60, DAY_MINUTES - minute)
            yield i, (shown, ends.astimezone(one.zone), minute, minutes)
        i += 1
