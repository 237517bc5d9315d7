"""Another room for a session that stays where and when it is."""

from __future__ import annotations

from datetime import datetime

from portal.appointments.actions import rules
from portal.appointments.actions.locking import clear_holds, lock_appointment, lock_diary
from portal.appointments.actions.transactions import in_transaction
from portal.appointments.models import Appointment
from portal.audit import trail
from portal.common.access.actors import Actor


@in_transaction
def change_room(*, appointment: Appointment, by: Actor, now: datetime) -> Appointment | None:
    """Gives a session to come a room in use that is free then, and returns it; None if it is gone or over.

    At a place without rooms on file it has none. One that is in use is kept. Raises SlotTaken where no room is free.
    """
    lock_diary(appointment.psychologist_id, rooms_of=appointment.location)
    booked = lock_appointment(appointment)
    if booked is None or not booked.is_open or booked.location_id != appointment.location_id:
        return None
    slot = rules.Slot(booked.starts_at, booked.ends_at, booked.occupied_from, booked.occupied_until)
    rooms = rules.rooms_for(booked.service, booked.mode, booked.location)
    standing = rules.Standing.at(slot, psychologist=booked.psychologist_id, rooms=rooms, now=now, ignore=booked)
    before = booked.room_id
    clear_holds(standing.run_out, by=by, now=now)
    booked.room_id = rules.choose_room(booked.service, booked.mode, booked.location, standing, preferred=before)
    if booked.room_id != before:
        booked.save(update_fields=["room"])
        trail.record(
            "appointment.room_changed",
            target=booked,
            by=by,
            at=now,
            patient=booked.patient_id,
            psychologist=booked.psychologist_id,
        )
    return booked
