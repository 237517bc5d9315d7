"""The hours in which a notice may leave, by its reader's clock: whatever way it goes, however often it is tried."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

# As a row keeps them: from when until when, and by whose clock. "18:00", "20:00", "Australia/Perth".
Kept = list[str]


def kept(begins: time, ends: time, zone: ZoneInfo) -> Kept:
    """Such hours, for a row."""
    return [begins.isoformat("minutes"), ends.isoformat("minutes"), zone.key]


def next_open(hours: Kept | None, now: datetime) -> datetime:
    """The first moment from `now` on within these hours; `now` itself where there are none. In UTC."""
    if not hours:
        return now
    begins, ends = time.fromisoformat(hours[0]), time.fromisoformat(hours[1])
    zone = ZoneInfo(hours[2])
    local = now.astimezone(zone)
    clock = local.time()
    if begins <= clock < ends if begins < ends else clock >= begins or clock < ends:
        return now
    day = local.date() + timedelta(days=clock >= begins)
    return datetime.combine(day, begins, zone).astimezone(UTC)
