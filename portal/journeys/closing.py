"""Days on which a place or the whole clinic is closed, and the sessions that are booked on them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta

from portal.appointments import actions, closed
from portal.appointments.models import Appointment, Closure
from portal.clinic.models import Location, Mode
from portal.common.access.actors import Actor
from portal.journeys.stranded import StillBooked, ask_about, digest_of, is_asked_about
from portal.journeys.to_do import sessions

__all__ = ["StillBooked", "add_closure", "digest_of", "remove_closure"]


@actions.in_transaction
def add_closure(
    *,
    location: Location | None,
    first_day: date,
    last_day: date,
    from_time: time | None = None,
    until_time: time | None = None,
    label: str,
    modes: Collection[Mode | str] = (),
    knowing: str | None = None,
    by: Actor,
    now: datetime,
) -> Closure:
    """Closes a place or the clinic: each session booked there then comes to the desk. Raises BadTimes.

    `knowing` is the `digest_of` the sessions that whoever asks was shown; where others are booked, StillBooked is
    raised and nothing is closed. None asks nobody.
    """
    closure = actions.add_closure(
        location=location,
        first_day=first_day,
        last_day=last_day,
        from_time=from_time,
        until_time=until_time,
        label=label,
        modes=modes,
        by=by,
        now=now,
    )
    booked = _booked_in(closure)
    ask_about([session for session in booked if is_asked_about(session, now=now)], knowing=knowing, now=now)
    sessions.raise_stranded(booked, by=by, now=now)
    return closure


@actions.in_transaction
def remove_closure(*, closure: Closure, by: Actor, now: datetime) -> None:
    """Opens again; what stood on the desk's list because of it goes, unless something else is in its way."""
    booked = _booked_in(closure)
    actions.remove_closure(closure=closure, by=by, now=now)
    sessions.look_again(booked, by=by, now=now)


def _booked_in(closure: Closure) -> list[Appointment]:
    there = Appointment.objects.filter(patient__isnull=False)
    if closure.location_id is not None:
        there = there.filter(location=closure.location_id)
    # Its days are those of each place: read with a day on either side, and asked of each by its own clock.
    near = timedelta(days=1)
    start = datetime.combine(closure.first_day - near, time(), tzinfo=UTC)
    end = datetime.combine(closure.last_day + 2 * near, time(), tzinfo=UTC)
    booked = there.live().between(start, end).for_listing().order_by("starts_at", "pk")
    return [session for session in booked if closed.is_within(closure, session)]
