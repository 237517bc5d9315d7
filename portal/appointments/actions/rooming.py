"""Another room for a session that stays where and when it is."""

from __future__ import annotations

from datetime import datetime

from portal.appointments import states
from portal.appointments.actions import rules
from portal.appointments.actions.locking import clear_holds, lock_appointment, lock_diary
from portal.appointments.actions.transactions import in_transaction
from portal.appointments.models import Appointment
from portal.appointments.refusals import WrongState
from portal.appointments.states import Why
from portal.audit import trail
from portal.clinic.kept import rooms
from portal.clinic.models import Room
from portal.common.access.actors import Actor


@in_transaction
def change_room(*, appointment: Appointment, by: Actor, now: datetime) -> Appointment | None:
    """Gives what is to come, booked or asked for, a room in use that is free then; None if it is gone or over.

    At a place without rooms on file it has none. One that is in use is kept. Raises SlotTaken where no room is free.
    """
    lock_diary(appointment.psychologist_id, rooms_of=appointment.location)
    booked = lock_appointment(appointment)
    if booked is None or not (booked.is_open or booked.is_request) or booked.location_id != appointment.location_id:
        return None
    standing = _standing(booked, rules.rooms_for(booked.service, booked.mode, booked.location), now=now)
    clear_holds(standing.run_out, by=by, now=now)
    room = rules.choose_room(booked.service, booked.mode, booked.location, standing, preferred=booked.room_id)
    return _seated(booked, room, by=by, now=now)


@in_transaction
def choose_room(*, appointment: Appointment, room: Room, by: Actor, now: datetime, seen: str) -> Appointment:
    """Gives a session the room that somebody chose; `seen` is how the page saw it, with its room (`room_as_seen`).

    Raises WrongState where it is over, gone or has another room by now, SlotTaken for a room that is in use then, and
    NotOffered for one elsewhere or out of use.
    """
    lock_diary(appointment.psychologist_id, rooms_of=appointment.location)
    booked = lock_appointment(appointment)
    if booked is None or not may_change_room(booked, now=now):
        raise WrongState(Why.STATE)
    if booked.room_id == room.pk:
        # Pressed twice.
        return booked
    if seen != room_as_seen(booked) or booked.location_id != appointment.location_id:
        raise WrongState(Why.CHANGED)
    standing = _standing(booked, rooms().get(booked.location_id, ()), now=now)
    wanted = rules.choose_room(booked.service, booked.mode, booked.location, standing, wanted=room)
    clear_holds(standing.run_out, by=by, now=now)
    return _seated(booked, wanted, by=by, now=now)


def may_change_room(session: Appointment, *, now: datetime) -> bool:
    """Whether a session has a room that can be another one: it is not over, and takes one."""
    return (
        states.is_to_come(session, now=now)
        and (session.room_id is not None or session.service.takes_room(session.mode))
        and bool(rooms().get(session.location_id))
    )


def room_as_seen(session: Appointment) -> str:
    """What a page that shows the session's room knew of it, as one word that its form sends back."""
    return f"{states.as_seen(session)}.{session.room_id or 'none'}"


def free_rooms(session: Appointment, *, now: datetime) -> list[int]:
    """The ids of the rooms of its place that nobody else has then, in the order of their names. One query."""
    there = rooms().get(session.location_id, ())
    in_use = _standing(session, there, now=now).rooms
    return [room for room in there if room not in in_use]


def _standing(session: Appointment, among: tuple[int, ...], *, now: datetime) -> rules.Standing:
    slot = rules.Slot(session.starts_at, session.ends_at, session.occupied_from, session.occupied_until)
    return rules.Standing.at(slot, psychologist=session.psychologist_id, rooms=among, now=now, ignore=session)


def _seated(booked: Appointment, room: int | None, *, by: Actor, now: datetime) -> Appointment:
    if room != booked.room_id:
        booked.room_id = room
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
