"""Draws the free times of a day, for `components/_week_of_times.html`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString

from portal.common.languages import punctuation
from portal.common.languages import times as when
from portal.common.web.stencils import Stencil, joined

_TIME = Stencil("components/_free_time.html", holes="value day at place place_apart")


class Place(Protocol):
    """Where a session is held, as a button names it."""

    name: str


class FreeTime(Protocol):
    """What a time must say to be drawn: journeys.choosing.FreeTime does."""

    starts_at: datetime

    @property
    def location(self) -> Place: ...
    @property
    def zone(self) -> ZoneInfo: ...
    @property
    def value(self) -> str: ...


def free_times(day: date, times: Sequence[FreeTime], *, in_several_places: bool) -> SafeString:
    """A button for each time; where the week has several places, each says its own."""
    fill, written = _TIME.look(in_several_places=in_several_places), when.day(day)
    return joined(
        fill(
            (
                free.value,
                written,
                when.clock(free.starts_at, free.zone),
                free.location.name,
                punctuation.apart(free.location.name) if in_several_places else "",
            )
        )
        for free in times
    )
