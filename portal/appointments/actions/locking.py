"""Who waits for whom. Every action that fills time in the diary begins here, and takes its locks in this order.

Psychologists by id, then the patient, then the location's rooms by id, then rows of appointments by id. With one order
there is one queue and no deadlock; the exclusion constraints stay behind it as the net. The locks are PostgreSQL's
FOR NO KEY UPDATE: they wait for each other, but don't hold up rows elsewhere that merely point at a psychologist.
SQLite has no row locks and needs none: its transactions begin IMMEDIATE, one writer at a time.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import connection, transaction

from portal.appointments.freed import Place, time_freed
from portal.appointments.models import Appointment, AppointmentQuerySet
from portal.appointments.refusals import NotOffered
from portal.appointments.states import Because
from portal.clinic import kept as clinic
from portal.clinic.models import Location, Psychologist
from portal.common import kept
from portal.common.access.actors import Actor
from portal.patients.models import Patient

# In one statement nobody can take them in another order: each part waits for the count of the one before it.
_LOCK = """
    WITH whose AS MATERIALIZED (
        SELECT id FROM clinic_psychologist WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE
    ), who AS MATERIALIZED (
        SELECT id FROM patients_patient WHERE id = %s AND (SELECT count(*) FROM whose) > 0 ORDER BY id FOR NO KEY UPDATE
    ), rooms AS MATERIALIZED (
        SELECT id FROM clinic_room
        WHERE location_id = %s AND is_active AND (SELECT count(*) FROM who) >= 0 ORDER BY id FOR NO KEY UPDATE
    )
    SELECT (SELECT count(*) FROM whose), (SELECT count(*) FROM who), (SELECT count(*) FROM rooms)
"""


def lock_diary(
    *psychologists: Psychologist | int, patient: Patient | int | None = None, rooms_of: Location | None = None
) -> dict[int, Psychologist]:
    """Locks the psychologists, the patient and the location's rooms, and answers the psychologists as they are now.

    By their ids, as they are kept in the process. Raises NotOffered if one is gone.
    """
    ids = sorted({_id(psychologist) for psychologist in psychologists})
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(_LOCK, [ids, None if patient is None else _id(patient), rooms_of.pk if rooms_of else None])
    # What the page showed may have changed while it waited for the lock.
    kept.as_of_now()
    known = clinic.psychologists()
    if not known.keys() >= set(ids):
        raise NotOffered("psychologist")
    return {pk: known[pk] for pk in ids}


def _id(row: Psychologist | Patient | int) -> int:
    return row if isinstance(row, int) else row.pk


def lock_appointment(appointment: Appointment) -> Appointment | None:
    """The row as it is now, with its location, or None if it is gone."""
    rows = Appointment.objects.select_for_update(no_key=True).filter(pk=appointment.pk).order_by("pk")
    if (locked := rows.first()) is not None:
        locked.location = clinic.places()[locked.location_id]
    return locked


def clear_holds(holds: Collection[int], *, by: Actor, now: datetime) -> None:
    """Removes those of these holds, by their ids, that ran out.

    They are locked before they are removed: one that is being confirmed this moment is waited for, and then spared.
    """
    if holds:
        _clear(Appointment.objects.expired_holds(now=now).filter(pk__in=holds), by=by, now=now)


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
