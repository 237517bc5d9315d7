"""Pictures of numbers as SVG, drawn on the server: no script, no style attribute, and a table of the same figures.

`components/_chart.html` draws what these functions measure. Lengths are in the units of the view box, 640 wide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor, log10

WIDTH, HEIGHT = 640, 240
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 18, 28
Number = int | float | Decimal


@dataclass(frozen=True, slots=True)
class Mark:
    """One value: a bar, or a point of the line."""

    label: str
    value: str
    x: float
    y: float
    width: float
    height: float
    current: bool
    named: bool

    @property
    def middle(self) -> float:
        """Where its label stands, from the left."""
        return round(self.x + self.width / 2, 1)

    @property
    def above(self) -> float:
        """Where its value is written."""
        return round(self.y - 6, 1)


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across the chart with the value that it stands for."""

    label: str
    y: float


@dataclass(frozen=True, slots=True)
class Band:
    """A range of values with a meaning, such as a severity."""

    label: str
    tone: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """All that `components/_chart.html` draws; lengths are in units of the view box."""

    kind: str
    title: str
    summary: str
    label_heading: str
    value_heading: str
    marks: tuple[Mark, ...]
    rules: tuple[Rule, ...]
    bands: tuple[Band, ...] = ()
    # Values would run into each other: everywhere, or where the chart is as narrow as a phone.
    crowded: bool = False
    close: bool = False
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    floor: int = HEIGHT - BOTTOM
    foot: int = HEIGHT - 8

    @property
    def path(self) -> str:
        """The line through the points, as SVG writes it."""
        return " ".join(f"{'L' if i else 'M'}{m.middle} {m.y}" for i, m in enumerate(self.marks))

    @property
    def plot_width(self) -> int:
        """The width between the margins."""
        return self.right - self.left


def round_steps(highest: float, *, about: int = 4) -> list[float]:
    """Steps of 1, 2 or 5 times a power of ten, from nought to at least `highest`."""
    if highest <= 0:
        return [0, 1]
    rough = highest / about
    power = 10 ** floor(log10(rough))
    step = next(power * times for times in (1, 2, 5, 10) if power * times >= rough)
    if step < 1 and highest == int(highest):
        step = 1
    return [round(step * i, 10) for i in range(ceil(highest / step) + 1)]


def _chart(
    kind: str,
    points: Iterable[tuple[str, Number]],
    *,
    title: str,
    summary: str,
    label_heading: str,
    value_heading: str,
    write: Callable[[Number], str],
    current: str | None,
    highest: Number | None,
    bands: Sequence[tuple[str, Number, Number]],
) -> Chart:
    values = [(str(label), value) for label, value in points]
    top = max([float(highest or 0), *(float(value) for _, value in values)], default=0)
    steps = round_steps(top)
    if highest:
        steps = [s for s in steps if s <= float(highest)]
    ceiling = float(highest) if highest else steps[-1]
    plot_height = HEIGHT - TOP - BOTTOM

    def at(value: Number) -> float:
        return round(TOP + plot_height * (1 - max(float(value), 0.0) / ceiling), 1)

    slot = (WIDTH - LEFT - RIGHT) / max(len(values), 1)
    bar = min(slot * 0.62, 64)
    # Letters are about eleven units wide on a phone, seven elsewhere.
    every = max(1, ceil((max((len(label) for label, _ in values), default=0) * 11 + 8) / slot))
    widest = max((len(write(value)) for _, value in values), default=0)
    marks = tuple(
        Mark(
            label=label,
            value=write(value),
            x=round(LEFT + slot * i + (slot - bar) / 2, 1),
            y=at(value),
            width=round(bar, 1),
            height=round(HEIGHT - BOTTOM - at(value), 1),
            current=label == current,
            named=(len(values) - 1 - i) % every == 0,
        )
        for i, (label, value) in enumerate(values)
    )
    return Chart(
        kind=kind,
        title=title,
        summary=summary,
        label_heading=label_heading,
        value_heading=value_heading,
        marks=marks,
        crowded=slot < widest * 7,
        close=slot < widest * 11 + 4,
        rules=tuple(Rule(write(int(step) if step == int(step) else step), at(step)) for step in steps),
        bands=tuple(
            Band(label, tone, at(high), round(at(low) - at(high), 1))
            for tone, (label, low, high) in enumerate(bands, start=1)
        ),
    )


def bars(
    points: Iterable[tuple[str, Number]],
    *,
    title: str,
    label_heading: str,
    value_heading: str,
    summary: str = "",
    write: Callable[[Number], str] = str,
    current: str | None = None,
) -> Chart:
    """Measures a bar chart of (label, value) pairs; values below nought are drawn as nought, but written."""
    return _chart(
        "bars", points, title=title, summary=summary, label_heading=label_heading, value_heading=value_heading,
        write=write, current=current, highest=None, bands=(),
    )  # fmt: skip


def line(
    points: Iterable[tuple[str, Number]],
    *,
    title: str,
    label_heading: str,
    value_heading: str,
    summary: str = "",
    write: Callable[[Number], str] = str,
    highest: Number | None = None,
    bands: Sequence[tuple[str, Number, Number]] = (),
) -> Chart:
    """Measures a line chart; `highest` fixes the scale, `bands` are (label, from, to) in the values' own units."""
    return _chart(
        "line", points, title=title, summary=summary, label_heading=label_heading, value_heading=value_heading,
        write=write, current=None, highest=highest, bands=bands,
    )  # fmt: skip
