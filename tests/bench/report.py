"""The results in words and figures. Ratios first: seconds are a machine's, ratios are the portal's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tests.bench.load import Timing
from tests.bench.memory import Process

COLUMNS = ("bare pages", "grows by", "of processor", "p50 ms", "p95 ms", "per second")


def table(results: Mapping[str, Timing], *, bare: str, before: Mapping[str, Timing] | None = None) -> list[str]:
    """One line for each target.

    "Bare pages" is its p50 in those of the bare page, "of processor" the same of the web process's own time. "Grows by"
    compares the former with that of the tenth which was measured before.
    """
    width = max(map(len, results))
    lines = [_line("", COLUMNS, width), _line("-" * width, ["-" * (len(word) - 1) + ":" for word in COLUMNS], width)]
    for name, timing in results.items():
        ratio = _ratio(timing.p50, results[bare].p50)
        earlier = _ratio(before[name].p50, before[bare].p50) if before else 0.0
        cells = (
            f"{ratio:.2f}",
            f"x {ratio / earlier:.2f}" if earlier else "",
            f"{_ratio(timing.processor_p50, results[bare].processor_p50):.2f}",
            f"{timing.p50 * 1000:.1f}",
            f"{timing.p95 * 1000:.1f}",
            f"{timing.per_second:.1f}",
        )
        lines.append(_line(name, cells, width))
    return lines


def _line(name: str, cells: Sequence[str], width: int) -> str:
    figures = (f"{cell:>{len(word)}}" for cell, word in zip(cells, COLUMNS, strict=True))
    return f"| {name:<{width}} | {' | '.join(figures)} |"


def _ratio(one: float, other: float) -> float:
    return one / other if other else 0.0


def memory(processes: Iterable[Process]) -> list[str]:
    found = list(processes)
    width = max(len(process.name) for process in found)
    lines = [f"| {'memory':<{width}} | PSS MB | RSS MB |", f"|{'-' * (width + 2)}|-------:|-------:|"]
    for process in found:
        own = "" if process.own is None else f"{process.own:.0f}"
        lines.append(f"| {process.name:<{width}} | {own:>6} | {process.resident:>6.0f} |")
    total = sum(process.own or process.resident for process in found)
    return [*lines, f"| {'together':<{width}} | {total:>6.0f} | {'':>6} |"]
