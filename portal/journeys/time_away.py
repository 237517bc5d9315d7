"""Exceptions to the weekly hours, and the sessions that are booked in somebody's time away."""

from __future__ import annotations

from datetime import datetime

from portal.appointments import actions
from portal.appointments.actions.locking import lock_diary
from portal.appointments.models import Appointment, TimeSlot
from portal.clinic.models import Location, Psychologist
from portal.common.access.actors import Actor
from portal.journeys import stranded, told_hours
from portal.journeys.stranded import StillBooked, ask_about, digest_of
from portal.journeys.to_do import sessions

__all__ = ["StillBooked", "add_time_slot", "booked_in", "digest_of", "remove_time_slot"]


@actions.in_transaction
def add_time_slot(
    *,
    psychologist: Psychologist,
    kind: TimeSlot.Kind | str,
    starts_at: datetime,
    ends_at: datetime,
    location: Location | None = None,
    label: str = "",
    knowing: str | None = None,
    by: Actor,
    now: datetime,
) -> TimeSlot:
    """Adds extra time, or time away: each session booked in that comes to the desk.

    Raises BadTimes, HoursOverlap or AwayAlready.

    `knowing` is the `digest_of` the sessions that whoever asks was shown; where others are booked, StillBooked is
    raised and nothing is added. None asks nobody.
    """
    slot = actions.add_time_slot(
        psychologist=psychologist,
        kind=kind,
        starts_at=starts_at,
        ends_at=ends_at,
        location=location,
        label=label,
        by=by,
        now=now,
    )
    if slot.kind == TimeSlot.Kind.EXTRA:
        sessions.look_again(_booked_in(slot), by=by, now=now)
    else:
        booked = _booked_in(slot)
        to_come = [session for session in booked if stranded.is_asked_about(session, now=now)]
        # Looked at under the diary's lock: what is booked meanwhile is asked about too.
        ask_about(to_come, knowing=knowing, now=now)
        sessions.raise_stranded(booked, by=by, now=now)
    told_hours.of_slot(slot, is_removed=False, by=by)
    return slot


@actions.in_transaction
def remove_time_slot(*, time_slot: TimeSlot, knowing: str | None = None, by: Actor, now: datetime) -> None:
    """Removes an exception; what stood on the desk's list because of it goes, unless other time away covers it.

    What stood in extra hours and is outside of all hours now comes onto it: `knowing` as in `add_time_slot`.
    """
    lock_diary(time_slot.psychologist_id)
    booked = _booked_in(time_slot)
    stood_outside = stranded.outside_hours(booked)
    if actions.remove_time_slot(time_slot=time_slot, by=by, now=now):
        told_hours.of_slot(time_slot, is_removed=True, by=by)
    sessions.look_again(booked, by=by, now=now)
    if time_slot.kind == TimeSlot.Kind.EXTRA:
        outside = stranded.outside_hours(booked) - stood_outside
        left = [session for session in booked if session.pk in outside]
        ask_about([each for each in left if stranded.is_asked_about(each, now=now)], knowing=knowing, now=now)
        sessions.raise_outside_hours(left, by=by, now=now)


def booked_in(slot: TimeSlot, *, now: datetime) -> list[Appointment]:
    """What is to come, or asked for, and touches this time of its psychologist, soonest first."""
    return [session for session in _booked_in(slot) if stranded.is_asked_about(session, now=now)]


def _booked_in(slot: TimeSlot) -> list[Appointment]:
    own = Appointment.objects.filter(psychologist=slot.psychologist_id, patient__isnull=False)
    return list(own.live().between(slot.starts_at, slot.ends_at).order_by("starts_at", "pk"))
