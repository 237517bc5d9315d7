"""Sessions for long lists: with their patient's name, and with the clinic as it is kept in the process.

Psychologists, services and places are the same few in every line. Joined to each session they are ninety columns, made
into four objects a line; a day of the whole clinic was half as dear to read as to draw.
"""

from __future__ import annotations

from collections.abc import Iterable

from portal.appointments.models import Appointment
from portal.clinic import kept

_PSYCHOLOGIST, _SERVICE, _LOCATION = (
    Appointment.psychologist.field,
    Appointment.service.field,
    Appointment.location.field,
)


def with_clinic(sessions: Iterable[Appointment]) -> list[Appointment]:
    """Sessions read `for_lists`, each with its psychologist (without their profile), service and location at hand.

    They are frozen, and whoever was just added is not missed: what is kept is as new as the request.
    """
    psychologists, services, places = kept.psychologists(), kept.services(), kept.places()
    listed = list(sessions)
    for session in listed:
        _PSYCHOLOGIST.set_cached_value(session, psychologists[session.psychologist_id])
        _SERVICE.set_cached_value(session, services[session.service_id])
        _LOCATION.set_cached_value(session, places[session.location_id])
    return listed


def room_or_way(session: Appointment) -> str:
    """Where it is held: the name of its room, or how if it has none."""
    if session.room_id is None:
        return str(session.get_mode_display())
    return kept.room_names()[session.room_id]
