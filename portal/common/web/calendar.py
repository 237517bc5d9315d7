"""Draws the grid that `portal.common.web.daygrid` has set out, for `components/_calendar.html`."""

from __future__ import annotations

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
    return joined(_column(column, grid) for column in grid.columns)


def _column(column: Column, grid: Grid) -> SafeString:
    slots = joined(_DRAWN.get(block.kind, _slot)(block) for block in column.blocks)
    fill = _DAY.look(
        is_today=column.is_today,
        is_linked=bool(column.url),
        has_subtitle=bool(column.subtitle),
        has_hours=bool(column.hours_url),
        has_now=bool(column.now_row),
        takes=bool(column.to),
    )
    head = (column.title, column.url, column.subtitle, column.hours_url)
    return fill((*head, column.to, slots, column.now_row, grid.rows))


def _off(block: Block) -> SafeString:
    return _OFF.look(tone=block.tone)(
        (block.row, block.span, block.title, clock_of(block.starts_at.time()), clock_of(block.ends_at.time()))
    )


def _free(block: Block) -> SafeString:
    return _FREE.look()((block.row, block.span, block.url, clock_of(block.starts_at.time()), block.title))


def _gap(block: Block) -> SafeString:
    return _GAP.look()((block.row, block.span, clock_of(block.starts_at.time()), block.title))


def _slot(block: Block) -> SafeString:
    fill = _SLOT.look(
        is_linked=bool(block.url),
        can_move=bool(block.moves),
        shape=block.shape,
        mark=block.mark,
        has_detail=bool(block.detail),
        has_spoken=bool(block.spoken),
    )
    starts = clock_of(block.starts_at.time())
    where = (block.row, block.span, block.lane, block.kind, block.url, block.moves)
    return fill((*where, starts, block.title, block.detail, block.spoken))


_DRAWN = {"off": _off, "free": _free, "gap": _gap}
