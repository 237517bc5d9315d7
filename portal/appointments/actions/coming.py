"""What a patient says of a session that is booked: that they will come."""

from __future__ import annotations

from datetime import datetime

from portal.appointments.actions.locking import lock_appointment
from portal.appointments.actions.transactions import in_transaction
from portal.appointments.models import Appointment
from portal.appointments.refusals import WrongState
from portal.appointments.states import Why
from portal.audit import trail
from portal.common.access.actors import Actor


@in_transaction
def say_yes(*, appointment: Appointment, starts_at: datetime, by: Actor, now: datetime) -> Appointment:
    """Keeps that they will come at the time at which it stands; said twice it is said once.

    The session stays what it is. `starts_at` is the time that they were asked about. Raises WrongState: it was moved or
    called off, or has begun.
    """
    session = lock_appointment(appointment)
    if session is None or session.starts_at != starts_at:
        raise WrongState(Why.CHANGED)
    if not session.is_booked:
        raise WrongState(Why.STATE)
    if session.starts_at <= now:
        raise WrongState(Why.STARTED)
    if session.confirmed_at is None:
        session.confirmed_at = now
        session.save(update_fields=["confirmed_at"])
        trail.record(
            "appointment.confirmed",
            target=session,
            by=by,
            at=now,
            patient=session.patient_id,
            psychologist=session.psychologist_id,
        )
    return session
