"""How much memory each process takes. PSS shares out what several use; it is the one figure that may be added up."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    name: str
    pid: int
    # Megabytes; `own` is PSS, and None where the system doesn't tell.
    resident: float
    own: float | None


def family(pid: int, *, first: str, others: str) -> list[Process]:
    """A process and everything below it."""
    below, queue = [], [pid]
    children = _children()
    while queue:
        parent = queue.pop(0)
        below.append(parent)
        queue += sorted(children.get(parent, []))
    named = [
        (one, first if one == pid else f"{others} {n}" if len(below) > 2 else others) for n, one in enumerate(below)
    ]
    return [process for one, name in named if (process := _measured(one, name))]


def _children() -> dict[int, list[int]]:
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=False).stdout
    found: dict[int, list[int]] = {}
    for line in listed.splitlines():
        pid, parent = map(int, line.split())
        found.setdefault(parent, []).append(pid)
    return found


def _measured(pid: int, name: str) -> Process | None:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        kilobytes = {key: int(rest.split()[0]) for key, _, rest in (line.partition(":") for line in lines[1:])}
        return Process(name, pid, kilobytes["Rss"] / 1024, kilobytes["Pss"] / 1024)
    except (OSError, KeyError):
        pass
    told = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return Process(name, pid, int(told) / 1024, None) if told.strip() else None
