"""Who waits for whom. Every action that fills time in the diary begins here, and takes its locks in this order.

Psychologists by id, then the patient, then the location's rooms by id, then rows of appointments by id. With one order
there is one queue and no deadlock; the exclusion constraints stay behind it as the net. The locks are PostgreSQL's
FOR NO KEY UPDATE: they wait for each other, but don't hold up rows elsewhere that merely point at a psychologist.
SQLite has no row locks and needs none: its transactions begin IMMEDIATE, one writer at a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from portal.appointments.models import Appointment
from portal.appointments.refusals import NotOffered
from portal.clinic.models import Location, Psychologist, Room
from portal.patients.models import Patient


def lock_psychologists(*psychologists: Psychologist | int) -> dict[int, Psychologist]:
    """The rows as they are now, by id; raises NotOffered if one is gone."""
    ids = {p if isinstance(p, int) else p.pk for p in psychologists}
    rows = Psychologist.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    locked = {row.pk: row for row in rows}
    if locked.keys() != ids:
        raise NotOffered("psychologist")
    return locked


def lock_patient(patient: Patient | int) -> None:
    pk = patient if isinstance(patient, int) else patient.pk
    list(Patient.objects.select_for_update(no_key=True).filter(pk=pk).order_by("pk").values_list("pk"))


def lock_rooms(location: Location) -> None:
    rooms = Room.objects.select_for_update(no_key=True).filter(location=location, is_active=True)
    list(rooms.order_by("pk").values_list("pk"))


def lock_appointment(appointment: Appointment) -> Appointment | None:
    """The row as it is now, or None if it is gone."""
    return Appointment.objects.select_for_update(no_key=True).filter(pk=appointment.pk).order_by("pk").first()


def clear_expired_holds(
    *, psychologists: Iterable[int], location: Location, start: datetime, end: datetime, now: datetime
) -> None:
    """Removes holds that ran out and still stand in the way of these psychologists, or in a room of this location.

    They are locked before they are removed: one that is being confirmed this moment is waited for, and then spared.
    """
    in_the_way = Q(psychologist__in=psychologists) | Q(location=location, room__isnull=False)
    expired = Appointment.objects.expired_holds(now=now).occupying(start, end).filter(in_the_way)
    ids = list(expired.select_for_update().order_by("pk").values_list("pk", flat=True))
    if ids:
        Appointment.objects.filter(pk__in=ids).delete()
