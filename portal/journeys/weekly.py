"""Weekly hours that change: what is left outside of them comes to the desk, and what is within them again goes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from portal.appointments import actions
from portal.appointments.actions import Shift
from portal.appointments.actions.locking import lock_diary
from portal.clinic.models import Psychologist
from portal.common.access.actors import Actor
from portal.common.kept import as_of_now
from portal.journeys import stranded, told_hours
from portal.journeys.to_do import sessions


@actions.in_transaction
def set_weekly_hours(
    *,
    psychologist: Psychologist,
    hours: Iterable[Shift],
    knowing: str | None = None,
    by: Actor,
    now: datetime,
) -> int:
    """Makes `hours` the whole week, and returns how many sessions that leaves outside of them.

    `knowing` is the `digest_of` the sessions that whoever asks was shown; where others are left outside, StillBooked is
    raised and nothing changes. None asks nobody. What stood outside before somebody agreed to. Raises BadTimes or
    HoursOverlap.
    """
    lock_diary(psychologist)
    booked = stranded.left_with(psychologist, now=now)
    stood_outside = stranded.outside_hours(booked)
    before = set(psychologist.hours.values_list("pk", flat=True))
    rows = actions.set_weekly_hours(psychologist=psychologist, hours=hours, by=by, now=now)
    if before != {row.pk for row in rows}:
        told_hours.of_week(psychologist, by=by, now=now)
    as_of_now()
    outside = stranded.outside_hours(booked)
    left = [session for session in booked if session.pk in outside - stood_outside]
    stranded.ask_about(left, knowing=knowing, now=now)
    sessions.look_again([session for session in booked if session.pk in stood_outside - outside], by=by, now=now)
    sessions.raise_outside_hours(left, by=by, now=now)
    return len(left)
