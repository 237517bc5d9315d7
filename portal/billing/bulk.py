"""Bulk billing: the clinic takes Medicare's benefit as full payment, and the patient owes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from portal.appointments.models import Appointment
from portal.billing.models.assignment import AssignmentTerms, Way
from portal.medicare.models import BILLING

# Whom the invoice of a bulk-billed session is made out to.
MEDICARE = "Medicare"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What was agreed: how, by whom, and of what was only said why it was not signed."""

    way: str
    agreed_by: str
    reason: str = ""


def is_bulk_billed(appointment: Appointment) -> bool:
    """Whether the clinic bulk-bills the session unless the desk says otherwise: for its service, or this patient.

    Nothing of it is ever asked of the patient, so neither is a fee for cancelling late or not coming. Reads nothing
    where the service, the psychologist and the patient are at hand.
    """
    service = appointment.service
    if not service.medicare:
        return False
    patient = appointment.patient
    by_policy = service.bulk_billed or (patient is not None and patient.bulk_billed)
    return by_policy and appointment.psychologist.registration in BILLING


def terms_on(day: date) -> AssignmentTerms | None:
    """How a benefit may be assigned that day; None where no law that we know of says so."""
    return AssignmentTerms.objects.filter(valid_from__lte=day).last()


def ways_on(day: date) -> list[tuple[str, str]]:
    """The ways in which somebody may agree that day, with their labels."""
    terms = terms_on(day)
    if terms is None:
        return []
    return [(way.value, str(way.label)) for way in Way if way == Way.ELECTRONIC or terms.verbal]
