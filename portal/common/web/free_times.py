"""Draws the free times of a day, for `components/_week_of_times.html`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString

from portal.common import money
from portal.common.languages import punctuation
from portal.common.languages import times as when
from portal.common.web.stencils import Stencil

_TIME = Stencil("components/_free_time.html", holes="value day at place place_apart who who_apart fee")


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


def free_times(day: date, times: Sequence[FreeTime], *, in_several_places: bool) -> SafeString:
    """A button for each time; where the week has several places or people, each says its own, and its fee."""
    written = when.day(day)
    return _TIME.rows(
        (
            {
                "in_several_places": bool(in_several_places),
                "names_who": bool(free.who),
                "has_fee": free.fee is not None,
            },
            (
                free.value,
                written,
                when.clock(free.starts_at, free.zone),
                free.where,
                punctuation.apart(free.where) if in_several_places else "",
                free.who.name if free.who else "",
                punctuation.apart(free.who.name) if free.who else "",
                punctuation.ltr(money.dollars(free.fee)) if free.fee is not None else "",
            ),
        )
        for free in times
    )
