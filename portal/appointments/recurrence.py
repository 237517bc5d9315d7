"""On which days a recurring session falls: plain arithmetic of dates, no clock, no database.

What months do that lack the day, decided once: they are left out. A session on every 31st takes place seven times a
year, one on every fifth Tuesday four times or so, and `Pattern.left_out` names the months in between, so that a
page can say it. Who wants one in every month chooses the last such weekday.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from django.db import models
from django.utils.translation import gettext_lazy as _

# A year of weekly sessions; and no pattern, however rare its days, is followed further than this.
MOST = 52
FURTHEST = timedelta(days=4 * 366)


class Every(models.TextChoices):
    """What stays the same from one session to the next."""

    WEEKS = "weeks", _("Every so many weeks")
    MONTH_DATE = "month_date", _("Monthly, on the same date")
    MONTH_WEEKDAY = "month_weekday", _("Monthly, on the same weekday, such as each second Tuesday")
    MONTH_LAST = "month_last", _("Monthly, on the last such weekday of the month")


@dataclass(frozen=True, slots=True)
class Pattern:
    """Days from `first_day` on, `interval` weeks or months apart: `count` of them, or those up to `until` (inclusive).

    Without either there are `MOST`. Raises ValueError for an interval or a count below one.
    """

    every: Every
    interval: int
    first_day: date
    count: int | None = None
    until: date | None = None

    def __post_init__(self) -> None:
        if self.interval < 1 or (self.count is not None and self.count < 1):
            raise ValueError("a pattern has at least one day, and goes on")

    def days(self) -> list[date]:
        """The days in order, `MOST` at the most; none where even the first is after `until`."""
        return [day for _month, day in self._walked() if day is not None]

    def left_out(self) -> list[date]:
        """The first of each month, among those of the pattern, that has no such day."""
        return [month for month, day in self._walked() if day is None]

    def _walked(self) -> list[tuple[date, date | None]]:
        """Each day with the first of its month, or None for a month without one, up to the last day that there is."""
        found: list[tuple[date, date | None]] = []
        end = min(self.until or date.max, self.first_day + FURTHEST)
        wanted, days = min(self.count or MOST, MOST), 0
        for month, day in self._candidates():
            if (day or month) > end:
                break
            found.append((month, day))
            days += day is not None
            if days == wanted:
                return found
        if self.until is None or self.until > end:
            while found and found[-1][1] is None:
                found.pop()
        return found

    def _candidates(self) -> Iterator[tuple[date, date | None]]:
        if self.every == Every.WEEKS:
            day = self.first_day
            while True:
                yield day.replace(day=1), day
                day += timedelta(weeks=self.interval)
        month = self.first_day.replace(day=1)
        while True:
            yield month, self._in(month)
            month = _months_on(month, self.interval)

    def _in(self, month: date) -> date | None:
        """Which day of a month, given by its first, it is; None where the month has no such day."""
        last = _months_on(month, 1) - timedelta(days=1)
        if self.every == Every.MONTH_DATE:
            day = month + timedelta(days=self.first_day.day - 1)
        elif self.every == Every.MONTH_LAST:
            day = last - timedelta(days=(last.weekday() - self.first_day.weekday()) % 7)
        else:
            first = month + timedelta(days=(self.first_day.weekday() - month.weekday()) % 7)
            day = first + timedelta(weeks=(self.first_day.day - 1) // 7)
        return day if day <= last else None


def _months_on(month: date, months: int) -> date:
    """The first of the month that is so many months after one, given by its first."""
    years, index = divmod(month.month - 1 + months, 12)
    return date(month.year + years, index + 1, 1)


def on_the_clock(day: date, at: time, zone: tzinfo) -> datetime | None:
    """When the clock of a place shows this, in UTC: the first time where an hour comes twice; None if it never does."""
    moment = nominal(day, at, zone)
    shown = moment.astimezone(zone)
    return moment if (shown.date(), shown.time()) == (day, at.replace(fold=0)) else None


def nominal(day: date, at: time, zone: tzinfo) -> datetime:
    """The same by the offset from before the clocks change: a time that never comes lies as far behind the gap."""
    return datetime.combine(day, at.replace(fold=0), zone).astimezone(UTC)
