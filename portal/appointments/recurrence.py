"""On which days a recurring session falls, and where the others go when one is moved: plain arithmetic of dates.

What months do that lack the day, decided once: they are left out. A session on every 31st takes place seven times a
year, one on every fifth Tuesday four times or so, and `Pattern.left_out` names the months in between, so that a
page can say it. Who wants one in every month chooses the last such weekday. A session that is booked already is not
left out: in a month without the 31st it goes to the last day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from django.db import models
from django.utils.translation import gettext_lazy as _

# A year of weekly sessions; and no pattern, however rare its days, is followed further than this.
MOST = 52
FURTHEST = timedelta(days=4 * 366)
# What every month has, so many days; and four of each weekday.
SHORTEST_MONTH = 28


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
            yield month, _day_like(self.first_day, self.every, month)
            month = _months_on(month, self.interval)


@dataclass(frozen=True, slots=True)
class Shift:
    """Where the others go with a session that is moved: to the same weekday, date or weekday of the month as it."""

    # What it and the others have in common afterwards.
    every: Every
    # Where the session itself goes.
    to: date
    # Where each of the others goes, in their order.
    days: list[date]
    # Counted from the day that the series has for it, since counted from where it stands two would meet on `to`.
    is_by_plan: bool = False


def shifted(every: Every, *, plan: date, stands: date, to: date, others: Sequence[date]) -> Shift:
    """How the others of a series go with a session that goes to the day `to`.

    `plan` is the day that the series has for the session, `stands` the one on which it is; `others` are the days that
    the series has for the others. Each stays in its own week or month, or goes as many weeks or months on as the
    session goes from where it stands: that is what somebody sees who moves it, also after it was moved alone.
    """
    every = _in_common(every, to, [plan, *others])
    by_where_it_stands, by_plan = ([_moved(day, every, start, plan, to) for day in others] for start in (stands, plan))
    if to in by_where_it_stands and to not in by_plan:
        return Shift(every, to, by_plan, is_by_plan=True)
    return Shift(every, to, by_where_it_stands)


def _in_common(every: Every, to: date, before: Sequence[date]) -> Every:
    """What a monthly series keeps once one of its sessions is on the day `to`: the second, or the last, Wednesday.

    A fifth Wednesday is the last one, for each of them is booked and not every month has five. The fourth, where it is
    the last too, is the last one in a series of last weekdays only.
    """
    if every in {Every.WEEKS, Every.MONTH_DATE}:
        return every
    are_last = all(map(_is_last, before)) and (every == Every.MONTH_LAST or any(map(_is_fifth, before)))
    return Every.MONTH_LAST if _is_fifth(to) or (are_last and _is_last(to)) else Every.MONTH_WEEKDAY


def _is_last(day: date) -> bool:
    return (day + timedelta(weeks=1)).month != day.month


def _is_fifth(day: date) -> bool:
    return day.day > SHORTEST_MONTH


def _moved(day: date, every: Every, start: date, plan: date, to: date) -> date:
    """Where one goes that the series has on `day`, when another goes from `start` to `to`."""
    if every == Every.WEEKS:
        return day + (to - _same_weekday(day, start, plan))
    month = _months_on(day, 12 * (to.year - start.year) + to.month - start.month)
    return _day_like(to, every, month) or _months_on(month, 1) - timedelta(days=1)


def _same_weekday(day: date, start: date, plan: date) -> date:
    """The day on the weekday of `day` that is nearest to `start`; `plan` settles what is nearly a tie.

    A session that was moved alone says nothing of the weekday of the others: from a Tuesday to the Saturday it is
    nearer to the next Tuesday, and still one of the week before.
    """
    after = (day - start).days % 7
    near = (start + timedelta(days=after), start + timedelta(days=after - 7))
    return min(near, key=lambda each: 2 * abs(each - start) + abs(each - plan))


def _day_like(like: date, every: Every, month: date) -> date | None:
    """The day of a month, given by its first, that is to it what `like` is to its own; None where there is none."""
    last = _months_on(month, 1) - timedelta(days=1)
    if every == Every.MONTH_DATE:
        day = month + timedelta(days=like.day - 1)
    elif every == Every.MONTH_LAST:
        day = last - timedelta(days=(last.weekday() - like.weekday()) % 7)
    else:
        first = month + timedelta(days=(like.weekday() - month.weekday()) % 7)
        day = first + timedelta(weeks=(like.day - 1) // 7)
    return day if day <= last else None


def _months_on(month: date, months: int) -> date:
    """The first of the month that is so many months after that of a day."""
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
