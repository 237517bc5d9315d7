"""The results in words and figures. Ratios first: seconds are a machine's, ratios are the portal's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tests.bench.load import Timing
from tests.bench.memory import Process

# From the smallest clinic to the largest, a hundred times as many sessions.
MOST_GROWTH = 1.2
COLUMNS = ("of processor", "aim", "grows by", "bare pages", "p50 ms", "p95 ms", "per second")


def table(
    results: Mapping[str, Timing],
    *,
    bare: str,
    before: Mapping[str, float] | None = None,
    aims: Mapping[str, float] | None = None,
) -> list[str]:
    """One line for each target.

    "Of processor" is what it took of the web process's own time, in bare pages; its aim stands beside it. "Bare pages"
    is the same of its p50, and "grows by" compares that with `before`, what it was in a smaller clinic.
    """
    width = max(map(len, results))
    lines = [_line("", COLUMNS, width), _line("-" * width, ["-" * (len(word) - 1) + ":" for word in COLUMNS], width)]
    for name, timing in results.items():
        ratio = _ratio(timing.p50, results[bare].p50)
        earlier = before.get(name, 0.0) if before else 0.0
        aim = (aims or {}).get(name)
        cells = (
            f"{_processor(results, name, bare):.2f}",
            "" if aim is None else f"{aim:g}",
            f"x {ratio / earlier:.2f}" if earlier else "",
            f"{ratio:.2f}",
            f"{timing.p50 * 1000:.1f}",
            f"{timing.p95 * 1000:.1f}",
            f"{timing.per_second:.1f}",
        )
        lines.append(_line(name, cells, width))
    return lines


def in_bare_pages(results: Mapping[str, Timing], *, bare: str) -> dict[str, float]:
    """The p50 of each."""
    return {name: _ratio(timing.p50, results[bare].p50) for name, timing in results.items()}


def grown(
    results: Mapping[str, Timing], *, bare: str, first: Mapping[str, float], most: Mapping[str, float] | None = None
) -> dict[str, str]:
    """What takes more of the clock than it may since the smallest clinic: by how much, in words.

    `most` is how much each may, unless it is `MOST_GROWTH`.
    """
    now = in_bare_pages(results, bare=bare)
    grew = {name: _ratio(now[name], ratio) for name, ratio in first.items() if name != bare}
    may = {name: (most or {}).get(name, MOST_GROWTH) for name in grew}
    return {name: f"x {by:.2f} instead of {may[name]:g}" for name, by in grew.items() if by > may[name]}


def missed(results: Mapping[str, Timing], *, bare: str, aims: Mapping[str, float]) -> list[str]:
    """What took more of a processor than its aim."""
    over = {name: (_processor(results, name, bare), aim) for name, aim in aims.items() if name in results}
    return [f"over its aim: {name}, {took:.2f} instead of {aim:g}" for name, (took, aim) in over.items() if took > aim]


def rates(measured: Mapping[str, Mapping[int, Timing]]) -> list[str]:
    """Requests a second of each page, by how many clients ask for it at once."""
    width = max(len("requests a second"), *map(len, measured))
    counts = list(next(iter(measured.values())))
    lines = [
        f"| {'requests a second':<{width}} | " + " | ".join(f"{n:>4} at once" for n in counts) + " |",
        f"|{'-' * (width + 2)}|" + "|".join(["-" * 13 + ":"] * len(counts)) + "|",
    ]
    for name, timings in measured.items():
        lines.append(f"| {name:<{width}} | " + " | ".join(f"{timings[n].per_second:>12.1f}" for n in counts) + " |")
    return lines


def _processor(results: Mapping[str, Timing], name: str, bare: str) -> float:
    return _ratio(results[name].processor_p50, results[bare].processor_p50)


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
