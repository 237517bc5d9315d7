"""Two records that may be one person's: found for the desk, which decides. Nobody else hears of it."""

from __future__ import annotations

from dataclasses import dataclass

from portal.patients.models import Carer, Patient
from portal.patients.search import possible_duplicates


@dataclass(frozen=True, slots=True)
class Double:
    """A record that may be of the same person, and what makes it so."""

    patient: Patient
    same_name_and_birth: bool
    same_phone: bool
    same_email: bool


def doubles_of(patient: Patient) -> list[Double]:
    """Records of the same name and birth date, or at the same phone number or e-mail address; the likeliest first.

    People in one account's care, or its own person, share both and are known apart: of them only namesakes born on one
    day count.
    """
    others = Patient.objects.exclude(pk=patient.pk)
    alike = possible_duplicates(
        others,
        first_name=patient.legal_first_name,
        last_name=patient.legal_last_name,
        preferred_name=patient.preferred_name,
        date_of_birth=patient.date_of_birth,
        phone=patient.phone or None,
    )
    found = {one.patient.pk: Double(one.patient, one.same_name_and_birth, one.same_phone, False) for one in alike}
    for other in others.at_address(patient.email)[:5]:
        before = found.get(other.pk)
        found[other.pk] = Double(
            other,
            same_name_and_birth=before is not None and before.same_name_and_birth,
            same_phone=before is not None and before.same_phone,
            same_email=True,
        )
    family = _of_one_care(patient)
    kept = [one for one in found.values() if one.same_name_and_birth or one.patient.pk not in family]
    return sorted(kept, key=lambda one: (not one.same_name_and_birth, one.patient.pk))


def _of_one_care(patient: Patient) -> set[int]:
    """The ids of whoever is looked after by the same accounts, and of the people of these accounts."""
    carers = Carer.objects.in_force().filter(patient=patient).values_list("user", flat=True)
    accounts = {*carers, *([patient.user_id] if patient.user_id else [])}
    if not accounts:
        return set()
    themselves = Patient.objects.filter(user__in=accounts).order_by().values_list("pk", flat=True)
    cared_for = Carer.objects.in_force().filter(user__in=accounts).values_list("patient", flat=True)
    return {*themselves, *cared_for}
