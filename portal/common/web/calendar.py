"""Draws the grid that `portal.common.web.daygrid` has set out, for `components/_calendar.html`."""

from __future__ import annotations

from datetime import datetime, time

from django.utils.dateformat import time_format
from django.utils.safestring import SafeString

from portal.common.languages.times import clock_of
from portal.common.web.daygrid import Block, Column, Grid
from portal.common.web.stencils import Stencil, joined

_HOUR = Stencil("components/_calendar_hour.html", holes="row hour half")
_DAY = Stencil("components/_calendar_day.html", holes="title url subtitle hours_url to slots now_row rows")
_OFF = Stencil("components/_calendar_off.html", holes="row span title starts ends")
_FREE = Stencil("components/_calendar_free.html", holes="row span url starts title")
_GAP = Stencil("components/_calendar_gap.html", holes="row span starts title")
_SLOT = Stencil("components/_calendar_slot.html", holes="row span lane kind url moves starts title detail spoken")


def hours(grid: Grid) -> SafeString:
    """The hours beside the grid."""
    fill = _HOUR.look()
    return joined(fill((hour.row, time_format(hour.at, "g"), time_format(hour.at, "A").lower())) for hour in grid.hours)


def columns(grid: Grid) -> SafeString:
    """Every column with what happens in it."""
    return _Columns(grid).drawn()


class _Columns:
    """All columns of a page, which share their looks and the times of day they name."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.day, self.off, self.slot = _DAY.row(), _OFF.row(), _SLOT.row()
        self.free, self.gap = _FREE.look(), _GAP.look()
        self.clocks: dict[time, str] = {}

    def drawn(self) -> SafeString:
        return joined([self._column(column) for column in self.grid.columns])

    def _column(self, column: Column) -> SafeString:
        look = {
            "is_today": column.is_today,
            "is_linked": bool(column.url),
            "has_subtitle": bool(column.subtitle),
            "has_hours": bool(column.hours_url),
            "has_now": bool(column.now_row),
            "takes": bool(column.to),
        }
        head = (column.title, column.url, column.subtitle, column.hours_url)
        slots = joined([self._block(block) for block in column.blocks])
        return self.day(look, (*head, column.to, slots, column.now_row, self.grid.rows))

    def _block(self, block: Block) -> SafeString:
        starts, row, span = self._clock(block.starts_at), block.row, block.span
        match block.kind:
            case "off":
                return self.off({"tone": block.tone}, (row, span, block.title, starts, self._clock(block.ends_at)))
            case "free":
                return self.free((row, span, block.url, starts, block.title))
            case "gap":
                return self.gap((row, span, starts, block.title))
        look = {
            "is_linked": bool(block.url),
            "can_move": bool(block.moves),
            "shape": block.shape,
            "mark": block.mark,
            "has_detail": bool(block.detail),
            "has_spoken": bool(block.spoken),
        }
        where = (row, span, block.lane, block.kind, block.url, block.moves)
        return self.slot(look, (*where, starts, block.title, block.detail, block.spoken))

    def _clock(self, moment: datetime) -> str:
        wall = moment.time()
        if (written := self.clocks.get(wall)) is None:
            written = self.clocks[wall] = clock_of(wall)
        return written
