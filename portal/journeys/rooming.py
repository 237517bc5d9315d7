"""The room of a session, chosen by hand: what nobody needs to decide about it any more is settled with it."""

from __future__ import annotations

from datetime import datetime

from portal.appointments import actions
from portal.appointments.models import Appointment
from portal.clinic.models import Room
from portal.common.access.actors import Actor
from portal.journeys import to_do


@actions.in_transaction
def choose_room(*, appointment: Appointment, room: Room, by: Actor, now: datetime, seen: str) -> Appointment:
    """Gives a session another room by `actions.choose_room`, and raises what it does; no patient is told of a room."""
    seated = actions.choose_room(appointment=appointment, room=room, by=by, now=now, seen=seen)
    to_do.sessions.look_again(Appointment.objects.filter(pk=seated.pk), by=by, now=now)
    return seated
