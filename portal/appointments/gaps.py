"""Which sessions a gap in somebody's day is long enough for."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from portal.clinic import kept
from portal.clinic.models import Psychologist, Service


class Need(NamedTuple):
    """How long a session takes, and the breaks that are kept free before and after it."""

    long: timedelta
    before: timedelta
    after: timedelta

    @classmethod
    def of(cls, service: Service) -> Need:
        """What a service needs, as it is now."""
        minutes = (service.minutes, service.buffer_before, service.buffer_after)
        return cls(*(timedelta(minutes=n) for n in minutes))


class Gap(NamedTuple):
    """What is left around a start: between the sessions with their breaks, and until the hours there end."""

    starts_at: datetime
    free_from: datetime
    free_until: datetime
    worked_until: datetime

    def takes(self, need: Need) -> bool:
        """Whether a session fits. Its breaks may lie outside the hours: nobody comes in them."""
        ends_at = self.starts_at + need.long
        return (
            self.free_from <= self.starts_at - need.before
            and ends_at + need.after <= self.free_until
            and ends_at <= self.worked_until
        )


class Gaps:
    """A day of one psychologist, by what takes time in it; all moments are UTC.

    `taken` are the spans of sessions with their breaks, of leave and of what is on elsewhere; `worked` those of the
    hours, each with the id of its place, in order of time.
    """

    def __init__(
        self, taken: Iterable[tuple[datetime, datetime]], worked: Sequence[tuple[datetime, datetime, int]]
    ) -> None:
        self._begins: list[datetime] = []
        self._ends: list[datetime] = []
        for begins, ends in sorted(taken):
            if self._ends and begins <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], ends)
            else:
                self._begins.append(begins)
                self._ends.append(ends)
        self._worked = worked

    def at(self, starts_at: datetime, *, place: int, far: timedelta) -> Gap | None:
        """The gap around a start at one place, looked at no further than `far`; None where something is on then."""
        n = bisect_right(self._begins, starts_at)
        if n and self._ends[n - 1] > starts_at:
            return None
        free_from = self._ends[n - 1] if n else starts_at - far
        free_until = self._begins[n] if n < len(self._begins) else starts_at + far
        worked_until = starts_at
        for begins, ends, where in self._worked:
            if where == place and begins <= worked_until < ends:
                worked_until = ends
        return Gap(starts_at, free_from, free_until, worked_until)


# Longer than any session with its breaks.
A_DAY = timedelta(days=1)


def needs_of(psychologist: Psychologist) -> list[Need]:
    """What the services that can be booked with somebody need, the shortest first. Reads nothing."""
    return sorted({Need.of(service) for service in kept.given_by(psychologist)})
