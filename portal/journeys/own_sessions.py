"""The sessions that a patient has already, where a time that they would book meets one of them."""

from __future__ import annotations

from datetime import datetime

from portal.appointments import eligibility
from portal.appointments.models import Appointment
from portal.appointments.refusals import NotOffered, PatientBusy
from portal.patients.models import Patient


def in_the_way(refusal: Exception, held: Appointment, patient: Patient, *, now: datetime) -> Appointment | None:
    """The session for which this patient was refused a held time; None where it was for something else. One query."""
    own = Appointment.objects.filter(patient=patient).exclude(pk=held.pk).for_listing().order_by("starts_at")
    match refusal:
        case PatientBusy():
            return own.taking_time(now=now).between(held.starts_at, held.ends_at).first()
        case NotOffered(reason=eligibility.FIRST_VISIT_AHEAD | "known_only"):
            return own.ahead(now=now).filter(service__first_visit_only=True).first()
    return None
