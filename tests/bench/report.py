"""The results in words and figures. Ratios first: seconds are a machine's, ratios are the portal's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tests.bench.load import Timing
from tests.bench.memory import Process

COLUMNS = "bare pages | grows by | p50 ms | p95 ms | per second"


def table(results: Mapping[str, Timing], *, bare: str, before: Mapping[str, Timing] | None = None) -> list[str]:
    """One line for each target. "Grows by" compares the ratios with those of the tenth that was measured before."""
    width = max(map(len, results))
    lines = [
        f"| {'':<{width}} | {COLUMNS} |",
        f"|{'-' * (width + 2)}|-----------:|---------:|-------:|-------:|-----------:|",
    ]
    for name, timing in results.items():
        ratio = _ratio(results, name, bare)
        grown = f"x {ratio / earlier:.2f}" if before and (earlier := _ratio(before, name, bare)) else ""
        lines.append(
            f"| {name:<{width}} | {ratio:>10.2f} | {grown:>8} | {timing.p50 * 1000:>6.1f} | {timing.p95 * 1000:>6.1f} "
            f"| {timing.per_second:>10.1f} |"
        )
    return lines


def _ratio(results: Mapping[str, Timing], name: str, bare: str) -> float:
    return results[name].p50 / results[bare].p50 if results[bare].p50 else 0.0


def memory(processes: Iterable[Process]) -> list[str]:
    found = list(processes)
    width = max(len(process.name) for process in found)
    lines = [f"| {'memory':<{width}} | PSS MB | RSS MB |", f"|{'-' * (width + 2)}|-------:|-------:|"]
    for process in found:
        own = "" if process.own is None else f"{process.own:.0f}"
        lines.append(f"| {process.name:<{width}} | {own:>6} | {process.resident:>6.0f} |")
    total = sum(process.own or process.resident for process in found)
    return [*lines, f"| {'together':<{width}} | {total:>6.0f} | {'':>6} |"]
