"""Which free time suits a session that can't be held as it is booked: its own hour next week, then what is near.

A day further off weighs as much as an hour away from the time of day at which somebody is used to come.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from portal.appointments.models import Appointment
from portal.clinic.models import Mode
from portal.journeys.choosing import FreeTime

WEEK: Final = timedelta(weeks=1)
NOON: Final = time(12)
# What comes before the session is the harder to fit in; what fills up the half-day that others are proposed, or that
# stands on the same list already, weighs more with each.
SOONER, CROWDED, ALIKE = 0.5, 1.5, 4.0
# So many stand on a list at its head, spread over half-days.
AT_THE_HEAD: Final = 5


class Claimed(NamedTuple):
    """What another session of the same psychologist is proposed first."""

    starts_at: datetime
    ends_at: datetime
    half_day: tuple[object, bool]

    @classmethod
    def by(cls, free: FreeTime) -> Claimed:
        """Of the first time that is proposed."""
        return cls(free.starts_at, free.ends_at, _half_day(free))


def is_claimed(free: FreeTime, claimed: Sequence[Claimed]) -> bool:
    """Whether it meets what is proposed first for another session."""
    return any(one.starts_at < free.ends_at and one.ends_at > free.starts_at for one in claimed)


def inconvenience(starts_at: datetime, zone: ZoneInfo, session: Appointment) -> float:
    """How far a time is from what its patient is used to, in days and hours alike; nought for its hour next week."""
    was, local = session.starts_at.astimezone(session.zone), starts_at.astimezone(zone)
    days = (local.date() - was.date()).days
    hours = abs((local.hour - was.hour) + (local.minute - was.minute) / 60)
    if days == WEEK.days and not hours:
        return 0.0
    return abs(days) + hours + (SOONER if starts_at < session.starts_at else 0.0)


def spread(times: Sequence[FreeTime], session: Appointment, claimed: Sequence[Claimed]) -> list[FreeTime]:
    """The same times, the most suitable first; those first that are nobody else's first proposal.

    `times` are in order of their inconvenience, with those at its own place before others. Its own hour next week
    stays first; of the others those at the head of the list are not all in one half-day.
    """
    free: list[FreeTime] = []
    rest: list[FreeTime] = []
    for each in times:
        (rest if is_claimed(each, claimed) else free).append(each)
    head: list[FreeTime] = []
    crowd = [one.half_day for one in claimed]
    weighed = [(_weight(each, session), _half_day(each), each) for each in free]
    while weighed and len(head) < AT_THE_HEAD:
        alike = [_half_day(each) for each in head]
        best = min(
            weighed,
            key=lambda one: (one[0] and one[0] + CROWDED * crowd.count(one[1])) + ALIKE * alike.count(one[1]),
        )
        weighed.remove(best)
        head.append(best[2])
    return [*head, *(each for _weight_of, _half, each in weighed), *rest]


def _weight(free: FreeTime, session: Appointment) -> float:
    """Its inconvenience; elsewhere for who comes in person, as many days as nothing at its own place outweighs."""
    far = session.mode == Mode.IN_PERSON and free.location.pk != session.location_id
    return inconvenience(free.starts_at, free.zone, session) + (1000 if far else 0)


def _half_day(free: FreeTime) -> tuple[object, bool]:
    local = free.starts_at.astimezone(free.zone)
    return local.date(), local.time() < NOON
