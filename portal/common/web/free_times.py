"""Draws the days of a week and the free times of one of them, for `components/_week_of_times.html`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from portal.common import money
from portal.common.languages import punctuation
from portal.common.languages import times as when
from portal.common.web.stencils import Stencil

_TIME = Stencil("components/_free_time.html", holes="value day at on place place_apart who who_apart fee there")
_DAY = Stencil("components/_day_of_times.html", holes="url weekday date of_month label count number")


class Who(Protocol):
    """Who would hold a session, as a button names them."""

    @property
    def name(self) -> str: ...


class FreeTime(Protocol):
    """What a time must say to be drawn: journeys.choosing.FreeTime does."""

    starts_at: datetime

    @property
    def who(self) -> Who | None: ...
    @property
    def fee(self) -> Decimal | None: ...
    @property
    def where(self) -> str: ...
    @property
    def zone(self) -> ZoneInfo: ...
    @property
    def value(self) -> str: ...


class Day(Protocol):
    """A day of the strip: journeys.choosing.Day."""

    date: date

    @property
    def times(self) -> Sequence[FreeTime]: ...


def free_times(
    times: Sequence[FreeTime], *, in_several_places: bool, clock: ZoneInfo | None = None, with_day: bool = False
) -> SafeString:
    """A button for each time; where the week has several places or people, each says its own, and its fee.

    `clock` is the reader's own zone: where it shows another time at that moment, each says both. `with_day` also
    prints the day, for times that do not stand below it.
    """
    rows = []
    for free in times:
        there = when.on_own_clock(free.starts_at, free.zone, clock)
        look = {
            "in_several_places": bool(in_several_places),
            "names_who": bool(free.who),
            "has_fee": free.fee is not None,
            "has_two_clocks": bool(there),
            "with_day": with_day,
        }
        words = (
            free.value,
            when.day(free.starts_at, free.zone),
            when.clock(free.starts_at, free.zone),
            when.when_short(free.starts_at, free.zone) if with_day else "",
            free.where,
            punctuation.apart(free.where) if in_several_places else "",
            free.who.name if free.who else "",
            punctuation.apart(free.who.name) if free.who else "",
            punctuation.ltr(money.dollars(free.fee)) if free.fee is not None else "",
            there,
        )
        rows.append((look, words))
    return _TIME.rows(rows)


def days_of_times(days: Sequence[Day], *, opened: date, today: date, query: str) -> SafeString:
    """The strip of a week's days, each a link to the page with its times open; days that are past lead nowhere."""
    monday = days[0].date
    start = f"?{query}&week={monday}&day=" if query else f"?week={monday}&day="
    rows = []
    for day in days:
        number = len(day.times)
        look = {
            "is_open": day.date == opened,
            "is_today": day.date == today,
            "is_past": day.date < today and not number,
            "has_times": bool(number),
        }
        counted = ngettext("%(count)s free time", "%(count)s free times", number) % {"count": number}
        words = (
            f"{start}{day.date}",
            when.weekday_short(day.date),
            when.day_month(day.date),
            # On a phone: the month stands above the strip, and seven of its names have no room.
            day.date.day,
            when.day_no_year(day.date),
            counted,
            number,
        )
        rows.append((look, words))
    return _DAY.rows(rows)
