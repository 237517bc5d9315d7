"""Who may write to whom, and who on the patient's side reads it."""

from __future__ import annotations

from datetime import date, datetime

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.clinic.models import ClinicSettings, Psychologist
from portal.common.access.actors import Actor
from portal.patients.models import Patient
from portal.patients.reaching import carers_of


def psychologists_of(patients: list[Patient]) -> dict[int, list[Psychologist]]:
    """For each patient, by primary key, the psychologists here whose patient they are. Two queries."""
    pairs = (
        Appointment.objects.filter(patient__in=patients)
        .with_a_person()
        .order_by()
        .values_list("patient", "psychologist")
        .distinct()
    )
    found: dict[int, set[int]] = {}
    for patient, psychologist in pairs:
        found.setdefault(patient, set()).add(psychologist)
    ids = {one for theirs in found.values() for one in theirs}
    people = list(Psychologist.objects.practising().select_related("user").filter(pk__in=ids)) if ids else []
    return {patient: [one for one in people if one.pk in theirs] for patient, theirs in found.items()}


def has_left(psychologist: Psychologist) -> bool:
    """Whether nobody reads what is written to them: their account is closed, or they are no psychologist here.

    Whoever is only off the website still looks after the people whom they see.
    """
    if psychologist.has_left:
        return True
    return not psychologist.is_active and Role.PSYCHOLOGIST not in psychologist.user.roles


def patients_of(actor: Actor, *, now: datetime) -> list[Patient]:
    """For whom somebody on the patient's side may write: themself first."""
    today = ClinicSettings.current().today(now)
    return list(Patient.objects.with_files_open_to(actor.person, today=today).themself_first(actor.person))


def may_begin(actor: Actor, *, patient: Patient, psychologist: Psychologist | None, now: datetime) -> bool:
    """Whether somebody may begin a conversation about this patient, with this psychologist or the front desk."""
    match actor.role:
        case Role.PATIENT:
            if patient not in patients_of(actor, now=now):
                return False
            return psychologist is None or psychologist in psychologists_of([patient]).get(patient.pk, [])
        case Role.PSYCHOLOGIST:
            is_own = psychologist is not None and psychologist.user_id == actor.user_id
            return is_own and Patient.objects.in_care_of(actor.person).filter(pk=patient.pk).exists()
        case Role.RECEPTION | Role.MANAGER:
            return psychologist is None
    return False


def readers_of(patient: Patient, *, today: date) -> list[User]:
    """The accounts that read what is written to a patient: theirs, or else those of the carers who open their files."""
    if patient.user is not None:
        return [patient.user] if patient.user.is_active else []
    is_child = not patient.is_of_age(today)
    return [carer.user for carer in carers_of(patient) if is_child or carer.reads_files]
