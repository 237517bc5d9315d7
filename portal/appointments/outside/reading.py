"""Reads a stranger's calendar in a process of its own, with limits, where nothing of ours is in reach."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings

SCRIPT: Final = Path(__file__).with_name("expanding.py")
SECONDS: Final = 25


class Unreadable(Exception):
    """What came is no calendar, or says more than anybody's does; `reason` is one word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Busy(NamedTuple):
    """When somebody is busy, merged and in order, and how many events could not be read."""

    spans: list[tuple[datetime, datetime]]
    left_out: int


def busy_times(body: bytes, *, zone: ZoneInfo, start: datetime, end: datetime, seconds: float = SECONDS) -> Busy:
    """The busy times of a calendar from `start` to `end`; whole days and times without a zone are on `zone`'s clock.

    Our own entries in it are left out. Raises Unreadable.
    """
    asked = {
        "zone": zone.key,
        "start": int(start.timestamp()),
        "end": int(end.timestamp()),
        "own": urlsplit(settings.PORTAL_BASE_URL).hostname or "",
    }
    try:
        # An environment of its own: the portal's has its keys.
        done = subprocess.run(
            [sys.executable, "-I", str(SCRIPT)],
            input=json.dumps(asked).encode() + b"\n" + body,
            capture_output=True,
            timeout=seconds,
            env={"PYTHONDONTWRITEBYTECODE": "1"},
            check=True,
        )
        said = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError):
        # It came to its limits: its memory, its processor time or our patience.
        raise Unreadable("complex") from None
    if "spans" not in said:
        raise Unreadable("calendar" if said.get("problem") == "calendar" else "complex")
    spans = [(datetime.fromtimestamp(begins, UTC), datetime.fromtimestamp(ends, UTC)) for begins, ends in said["spans"]]
    return Busy(spans, int(said["left_out"]))
