from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo


class InTimeZone:
    """What has a wall clock and a calendar of its own: the clinic, and each place where it sees people."""

    time_zone: str

    @property
    def zone(self) -> ZoneInfo:
        """The wall clock by which its days and times are told."""
        return ZoneInfo(self.time_zone)

    def day_of(self, moment: datetime) -> date:
        """The date here at a moment, which is another one elsewhere for some hours of each day."""
        return moment.astimezone(self.zone).date()
