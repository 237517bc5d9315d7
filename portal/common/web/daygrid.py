"""Places what happens in a day on a grid of five-minute steps, for `components/_calendar.html`.

Rows follow the wall clock that people read: on the day when an hour comes twice, its two sessions stand side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

STEP = 5
DAY = 24 * 60
LANES = 3
# What lies behind the sessions: it takes no lane of theirs, and no more hours are shown for it.
BEHIND = frozenset({"off", "free", "gap"})


@dataclass(slots=True)
class Block:
    """One thing in a column. Times are local, and aware or naive alike. `kind` is the class of static/css/schedule.css:
    held, booked, confirmed, arrived, completed, cancelled, no-show, off for time not worked, free, or gap
    for free time too short for a session."""

    starts_at: datetime
    ends_at: datetime
    kind: str
    title: str = ""
    detail: str = ""
    url: str = ""
    # How the shape before the title is called in components/_shape.html; empty for none.
    shape: str = ""
    # What a screen reader hears of kind and shape: "confirmed".
    spoken: str = ""
    # How it is held, as a second shape and the colour of its edge: video, phone, or empty for in person.
    mark: str = ""
    # Of time not worked: "leave" and "elsewhere" are hatched.
    tone: str = ""
    # The address of the page that moves it, for a script; empty for what can't be moved.
    moves: str = ""
    row: int = 0
    span: int = 0
    lane: str = ""


@dataclass(slots=True)
class Column:
    """A psychologist's day, or one day of a week."""

    title: str
    day: date
    subtitle: str = ""
    url: str = ""
    blocks: list[Block] = field(default_factory=list)
    # Now, in the zone of this column; the line is drawn when it falls on `day`.
    now: datetime | None = None
    # What a script says of it when a session is moved here, as part of an address.
    to: str = ""
    # Where the hours that `subtitle` speaks of are changed.
    hours_url: str = ""
    is_today: bool = False
    now_row: int = 0


@dataclass(frozen=True, slots=True)
class Hour:
    """A line of the grid with the time of day that it stands for."""

    row: int
    at: time


@dataclass(frozen=True, slots=True)
class Grid:
    """Columns of days or people over one scale of hours."""

    hours: tuple[Hour, ...]
    columns: tuple[Column, ...]
    # Rows in all, for a last invisible item that gives each column its height.
    rows: int

    @property
    def first_minute(self) -> int:
        """Minutes from midnight to the first row."""
        return self.hours[0].at.hour * 60 if self.hours else 0


def _minutes(moment: datetime, day: date) -> int:
    """Minutes of the wall clock since midnight of `day`, cut to that day."""
    if moment.date() < day:
        return 0
    if moment.date() > day:
        return DAY
    return moment.hour * 60 + moment.minute


def _share_lanes(blocks: Sequence[Block]) -> None:
    """Gives blocks that overlap a third or a half of the column each."""
    group: list[Block] = []
    ends = 0

    def close() -> None:
        free_from: list[int] = []
        chosen: list[tuple[Block, int]] = []
        for block in group:
            lane = next((i for i, row in enumerate(free_from) if row <= block.row), len(free_from))
            if lane == len(free_from):
                free_from.append(0)
            free_from[lane] = block.row + block.span
            chosen.append((block, min(lane, LANES - 1)))
        lanes = min(len(free_from), LANES)
        for block, lane in chosen:
            block.lane = f"lane-{lane + 1}-{lanes}" if lanes > 1 else ""

    for block in sorted(blocks, key=lambda b: (b.row, -b.span)):
        if group and block.row >= ends:
            close()
            group = []
            ends = 0
        group.append(block)
        ends = max(ends, block.row + block.span)
    if group:
        close()


def day_grid(columns: Iterable[Column], *, first_hour: int = 8, last_hour: int = 18) -> Grid:
    """Sets row, span and lane of every block, and shows more hours when a session needs them."""
    columns = tuple(columns)
    real = [(block, column.day) for column in columns for block in column.blocks if block.kind not in BEHIND]
    starts = min([first_hour * 60, *(_minutes(b.starts_at, day) for b, day in real)]) // 60 * 60
    ends = -(-max([last_hour * 60, *(_minutes(b.ends_at, day) for b, day in real)]) // 60) * 60
    for column in columns:
        column.blocks = [
            b
            for b in column.blocks
            if _minutes(b.ends_at, column.day) > starts and _minutes(b.starts_at, column.day) < ends
        ]
        for block in column.blocks:
            top = max(_minutes(block.starts_at, column.day), starts)
            bottom = min(_minutes(block.ends_at, column.day), ends)
            block.row = (top - starts) // STEP + 1
            block.span = max(1, -(-(bottom - starts) // STEP) - (block.row - 1))
        _share_lanes([block for block in column.blocks if block.kind not in BEHIND])
        if column.now is not None and column.now.date() == column.day:
            column.is_today = True
            minute = _minutes(column.now, column.day)
            column.now_row = (minute - starts) // STEP + 1 if starts <= minute < ends else 0
    hours = tuple(Hour(row=(m - starts) // STEP + 1, at=time(m // 60)) for m in range(starts, ends, 60))
    return Grid(hours=hours, columns=columns, rows=(ends - starts) // STEP)
