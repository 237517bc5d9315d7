"""What a note holds its session to: asked by whoever moves or calls off sessions, before the database refuses."""

from __future__ import annotations

from portal.appointments.models import Appointment
from portal.records.models import ProgressNote


def is_frozen(appointment: Appointment) -> bool:
    """Whether a signed note holds the session to its time, place, service and people."""
    return ProgressNote.objects.signed().filter(appointment=appointment).exists()


def keeps_its_people(appointment: Appointment) -> bool:
    """Whether a note, if only begun, holds the session to its patient and its psychologist."""
    return ProgressNote.objects.filter(appointment=appointment).exists()
