"""Who waits for whom. Every action that fills time in the diary begins here, and takes its locks in this order.

Psychologists by id, then the patient, then the location's rooms by id, then rows of appointments by id. With one order
there is one queue and no deadlock; the exclusion constraints stay behind it as the net. The locks are PostgreSQL's
FOR NO KEY UPDATE: they wait for each other, but don't hold up rows elsewhere that merely point at a psychologist.
SQLite has no row locks and needs none: its transactions begin IMMEDIATE, one writer at a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from portal.appointments.freed import Place, time_freed
from portal.appointments.models import Appointment, AppointmentQuerySet
from portal.appointments.refusals import NotOffered
from portal.appointments.states import Because
from portal.clinic.models import Location, Psychologist, Room
from portal.common import kept
from portal.common.access.actors import Actor
from portal.patients.models import Patient


def lock_psychologists(*psychologists: Psychologist | int) -> dict[int, Psychologist]:
    """The rows as they are now, by id; raises NotOffered if one is gone."""
    ids = {p if isinstance(p, int) else p.pk for p in psychologists}
    rows = Psychologist.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    locked = {row.pk: row for row in rows}
    if locked.keys() != ids:
        raise NotOffered("psychologist")
    # What the page showed may have changed while it waited for the lock.
    kept.as_of_now()
    return locked


def lock_patient(patient: Patient | int) -> None:
    """Waits until nobody else books for this patient, and keeps others waiting until the transaction ends."""
    pk = patient if isinstance(patient, int) else patient.pk
    list(Patient.objects.select_for_update(no_key=True).filter(pk=pk).order_by("pk").values_list("pk"))


def lock_rooms(location: Location) -> None:
    """The same for the rooms in use at a place, always in one order."""
    rooms = Room.objects.select_for_update(no_key=True).filter(location=location, is_active=True)
    list(rooms.order_by("pk").values_list("pk"))


def lock_appointment(appointment: Appointment) -> Appointment | None:
    """The row as it is now, with its location, or None if it is gone."""
    rows = Appointment.objects.select_for_update(no_key=True, of=("self",)).select_related("location")
    return rows.filter(pk=appointment.pk).order_by("pk").first()


def clear_expired_holds(
    *, psychologists: Iterable[int], location: Location, start: datetime, end: datetime, by: Actor, now: datetime
) -> None:
    """Removes holds that ran out and still stand in the way of these psychologists, or in a room of this location.

    They are locked before they are removed: one that is being confirmed this moment is waited for, and then spared.
    """
    in_the_way = Q(psychologist__in=psychologists) | Q(location=location, room__isnull=False)
    expired = Appointment.objects.expired_holds(now=now).occupying(start, end).filter(in_the_way)
    _clear(expired, by=by, now=now)


@transaction.atomic
def clear_run_out_holds(*, by: Actor, now: datetime) -> int:
    """Removes every hold that ran out, also where nobody asks for the time, and counts them."""
    return _clear(Appointment.objects.expired_holds(now=now), by=by, now=now)


def _clear(expired: AppointmentQuerySet, *, by: Actor, now: datetime) -> int:
    holds = list(expired.select_for_update(of=("self",)).order_by("pk"))
    if not holds:
        return 0
    Appointment.objects.filter(pk__in=[hold.pk for hold in holds]).delete()
    for hold in holds:
        time_freed(Because.RAN_OUT, place=Place.of(hold), session=hold, by=by, now=now)
    return len(holds)
