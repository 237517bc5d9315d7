"""When a place, or the whole clinic, is closed. Sessions already booked stay as they are."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time

from portal.appointments import opened
from portal.appointments.actions.locking import lock_diary
from portal.appointments.actions.transactions import in_transaction
from portal.appointments.models import Closure
from portal.appointments.openings import Span
from portal.appointments.refusals import BadTimes
from portal.audit import trail
from portal.clinic import kept
from portal.clinic.models import Location, Mode
from portal.common.access.actors import Actor


@in_transaction
def add_closure(
    *,
    location: Location | None,
    first_day: date,
    last_day: date,
    from_time: time | None = None,
    until_time: time | None = None,
    label: str,
    modes: Collection[Mode | str] = (),
    by: Actor,
    now: datetime,
) -> Closure:
    """Closes a place, or with no `location` every place, on each one's own clock; raises BadTimes.

    With `modes`, only to people who are met in these ways.
    """
    # Who books meanwhile waits for it, whoever they book.
    lock_diary(*kept.psychologists())
    whole = all(at is None or not (at.second or at.microsecond) for at in (from_time, until_time))
    if not whole or not label or (first_day, from_time or time()) >= (last_day, until_time or time.max):
        raise BadTimes("closure")
    closure = Closure.objects.create(
        location=location,
        first_day=first_day,
        last_day=last_day,
        from_time=from_time,
        until_time=until_time,
        label=label,
        **{Mode(mode).value: True for mode in modes},
    )
    _record("closure.added", closure, by=by, now=now)
    return closure


@in_transaction
def remove_closure(*, closure: Closure, by: Actor, now: datetime) -> None:
    """Opens what was closed again; a closure that is gone already is no error."""
    lock_diary(*kept.psychologists())
    row = Closure.objects.filter(pk=closure.pk).first()
    if row is None:
        return
    _record("closure.removed", row, by=by, now=now)
    Closure.objects.filter(pk=row.pk).delete()
    for place in kept.places().values():
        if place.is_active and row.is_of(place.pk):
            opened.open_again(
                list(kept.psychologists()), [Span(*row.between(place.zone))], location=place.pk, by=by, now=now
            )


def _record(verb: str, closure: Closure, *, by: Actor, now: datetime) -> None:
    trail.record(
        verb,
        by=by,
        target=closure,
        at=now,
        location=closure.location_id,
        first_day=closure.first_day,
        last_day=closure.last_day,
        **({"modes": closure.modes} if closure.modes else {}),
    )
