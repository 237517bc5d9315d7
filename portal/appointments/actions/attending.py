"""The day itself: who came, what was held, who didn't come."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from portal.appointments.actions.transactions import in_transaction
from portal.appointments.models import Appointment, Status
from portal.appointments.refusals import WrongState
from portal.audit import trail
from portal.common.access.actors import Actor


def _step(
    appointment: Appointment, verb: str, *, frm: tuple[Status, ...], by: Actor, now: datetime, **to: Any
) -> Appointment:
    """Moves the row on if it is still in one of the states `frm`: of two who press at once, one does it."""
    if not Appointment.objects.filter(pk=appointment.pk, status__in=frm).update(**to):
        raise WrongState
    appointment.refresh_from_db(fields=list(to))
    trail.record(
        verb,
        by=by,
        target=appointment,
        at=now,
        patient=appointment.patient_id,
        psychologist=appointment.psychologist_id,
    )
    return appointment


@in_transaction
def mark_arrived(*, appointment: Appointment, by: Actor, now: datetime) -> Appointment:
    """The patient is in the waiting room, or in the call. Raises WrongState unless the session is booked."""
    return _step(
        appointment, "appointment.arrived", frm=(Status.BOOKED,), by=by, now=now, status=Status.ARRIVED, arrived_at=now
    )


@in_transaction
def undo_arrival(*, appointment: Appointment, by: Actor, now: datetime) -> Appointment:
    """It was somebody else. Raises WrongState unless the patient was marked as arrived."""
    return _step(
        appointment,
        "appointment.arrival_undone",
        frm=(Status.ARRIVED,),
        by=by,
        now=now,
        status=Status.BOOKED,
        arrived_at=None,
    )


@in_transaction
def complete(*, appointment: Appointment, by: Actor, now: datetime) -> Appointment:
    """The session was held. Raises WrongState unless it was booked or the patient had arrived."""
    return _step(
        appointment,
        "appointment.completed",
        frm=(Status.BOOKED, Status.ARRIVED),
        by=by,
        now=now,
        status=Status.COMPLETED,
        completed_at=now,
    )


@in_transaction
def mark_no_show(*, appointment: Appointment, by: Actor, now: datetime) -> Appointment:
    """Nobody came. Raises WrongState before the session's start, or unless it is booked."""
    if now < appointment.starts_at:
        raise WrongState("not_started")
    return _step(appointment, "appointment.no_show", frm=(Status.BOOKED,), by=by, now=now, status=Status.NO_SHOW)
