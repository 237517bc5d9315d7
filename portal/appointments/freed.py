"""The one exit whenever time in a diary becomes anybody's again.

A waitlist, reminders and notices hang on it: `journeys.freed` registers what is to be done. There are no signals
between our apps, so what happens when time is freed is one list that can be read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from portal.appointments.models import Appointment
from portal.appointments.states import Because
from portal.common.access.actors import Actor


@dataclass(frozen=True, slots=True)
class Place:
    """Whose diary, where and when. Times are aware UTC; the occupied ones include the buffers."""

    psychologist_id: int
    location_id: int
    room_id: int | None
    starts_at: datetime
    ends_at: datetime
    occupied_from: datetime
    occupied_until: datetime

    @classmethod
    def of(cls, session: Appointment) -> Place:
        """Where a session stands in the diary now."""
        return cls(
            session.psychologist_id,
            session.location_id,
            session.room_id,
            session.starts_at,
            session.ends_at,
            session.occupied_from,
            session.occupied_until,
        )


@dataclass(frozen=True, slots=True)
class FreedTime:
    """What a diary no longer holds.

    It may be over, or be taken again in the same transaction: whoever offers it to others looks at the openings first.
    """

    because: Because
    place: Place
    # As it is now: cancelled, missed, or at its new time. A hold is gone from the database.
    session: Appointment


@dataclass(frozen=True, slots=True)
class OpenedHours:
    """Hours of somebody at a place that can be booked and could not before; several sessions may fit. Aware UTC.

    They were nobody's session, and something else may stand in them: whoever offers them looks at the openings first.
    """

    psychologist_id: int
    location_id: int
    starts_at: datetime
    ends_at: datetime


Hook = Callable[[FreedTime, Actor, datetime], None]
_hooks: list[Hook] = []
_hooks_of_hours: list[Callable[[OpenedHours, Actor, datetime], None]] = []


def whenever_time_is_freed(hook: Hook) -> None:
    """Adds something that is done in the transaction which frees the time, after what was added before.

    It takes the time, who freed it, and now. What it raises undoes the step.
    """
    if hook not in _hooks:
        _hooks.append(hook)


def time_freed(because: Because, *, place: Place, session: Appointment, by: Actor, now: datetime) -> None:
    """Does all that hangs on freed time; called once for each time freed, inside the transaction that frees it."""
    freed = FreedTime(because, place, session)
    for hook in _hooks:
        hook(freed, by, now)


def whenever_hours_open(hook: Callable[[OpenedHours, Actor, datetime], None]) -> None:
    """The same for hours that open: `appointments.opened` says which."""
    if hook not in _hooks_of_hours:
        _hooks_of_hours.append(hook)


def hours_opened(opened: OpenedHours, *, by: Actor, now: datetime) -> None:
    """Does all that hangs on hours that open, inside the transaction that opens them."""
    for hook in _hooks_of_hours:
        hook(opened, by, now)
