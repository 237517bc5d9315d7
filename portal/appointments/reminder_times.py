"""When somebody is reminded of a session: right across changes of the clock, and never in their night.

What is a whole number of days before a session is that many days before on the session's own clock, at the same hour:
"the day before" is what people mean, and no change of the clock in between moves it. Fewer hours are hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

DAY = 24


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of the reader's own clock in which nobody is written to; `begins` may be later than `ends`: a night."""

    begins: time
    ends: time

    def __contains__(self, local: time) -> bool:
        if self.begins == self.ends:
            return False
        if self.begins < self.ends:
            return self.begins <= local < self.ends
        return local >= self.begins or local < self.ends


def planned(starts_at: datetime, *, hours: int, zone: tzinfo) -> datetime:
    """So many hours before a session that starts at an aware time on the clock of `zone`; in UTC."""
    days, rest = divmod(hours, DAY)
    local = starts_at.astimezone(zone)
    # The same hour on another day. What the clocks jump over there is taken an hour on; what comes twice, the first.
    before = datetime.combine(local.date() - timedelta(days=days), local.time(), zone) if days else local
    return before.astimezone(UTC) - timedelta(hours=rest)


def reminded_at(
    starts_at: datetime, *, hours: int, zone: tzinfo, quiet: Quiet, reader_zone: tzinfo, last: datetime
) -> datetime:
    """When to remind a reader who lives by `reader_zone`; in UTC.

    What falls into their quiet hours comes when those end, if that is before `last`, from when on it helps nobody;
    otherwise it comes before they begin.
    """
    at = planned(starts_at, hours=hours, zone=zone)
    local = at.astimezone(reader_zone)
    if local.time() not in quiet:
        return at
    over = _next(local, quiet.ends, reader_zone)
    if over < last:
        return over
    return _last(local, quiet.begins, reader_zone) - timedelta(minutes=1)


def awake_at(now: datetime, *, quiet: Quiet, reader_zone: tzinfo) -> datetime:
    """The first moment from `now` on outside the quiet hours of a reader who lives by `reader_zone`; in UTC."""
    local = now.astimezone(reader_zone)
    return _next(local, quiet.ends, reader_zone) if local.time() in quiet else now


def _next(local: datetime, clock: time, zone: tzinfo) -> datetime:
    """The next time at which clocks show this, in UTC."""
    day = local.date() + timedelta(days=local.time() >= clock)
    return datetime.combine(day, clock, zone).astimezone(UTC)


def _last(local: datetime, clock: time, zone: tzinfo) -> datetime:
    """The last time at which clocks showed this, in UTC."""
    day = local.date() - timedelta(days=local.time() < clock)
    return datetime.combine(day, clock, zone).astimezone(UTC)
