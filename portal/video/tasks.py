"""What the queue runs."""

from __future__ import annotations

from django.utils import timezone

from portal.video import closing


def end_rooms() -> dict[str, int]:
    """Each minute: ends rooms whose session was called off or moved, or is over."""
    return closing.end_rooms(now=timezone.now())
