"""Where word about a patient goes, and by which name its reader is greeted: decided here, and nowhere else."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from portal.accounts.models import User
from portal.notifications.rendering import known
from portal.patients.models import Carer, Patient


class Reader(NamedTuple):
    """Whoever reads a notice about a patient: where, greeted by which name, in which of our languages.

    `about` is what the patient is called where somebody else reads it, and empty where it is they themselves.
    """

    address: str
    called: str
    language: str
    about: str = ""


def address_of(patient: Patient) -> str:
    """The one address of a patient: the verified one that they sign in with, else the one on file, else empty."""
    return patient.user.email if patient.user else patient.email


def readers_of(patient: Patient) -> list[Reader]:
    """Who reads notices about a patient: they themselves, or else the people who care for them.

    An address on file that a carer signs in with is the carer's, whoever's it was said to be.
    """
    address = address_of(patient)
    if patient.user is not None:
        return [Reader(address, patient.called, language_of(patient))]
    carers = carers_of(patient)
    if address:
        theirs = next((carer for carer in carers if carer.user.email == address.lower()), None)
        return [by_account(theirs.user, patient=patient) if theirs else _themself(patient)]
    return list(dict.fromkeys(by_account(carer.user, patient=patient) for carer in carers))


def unreached(patients: Collection[int]) -> set[int]:
    """Those of these patients, by their ids, of whom `readers_of` finds nobody. At most two queries."""
    without = set(Patient.objects.filter(pk__in=patients, user=None, email="").values_list("pk", flat=True))
    if not without:
        return without
    cared_for = Carer.objects.in_force().filter(patient__in=without, user__is_active=True)
    return without - set(cared_for.order_by().values_list("patient", flat=True))


def carers_of(patient: Patient) -> list[Carer]:
    """Who signs in for a patient now, and may: whoever began first comes first."""
    in_force = patient.carers.in_force().filter(user__is_active=True)
    return list(in_force.select_related("user").order_by("started_at", "pk"))


def by_account(user: User, *, patient: Patient) -> Reader:
    """The holder of an account as the reader of a notice about a patient, who may be they themselves."""
    if user.pk == patient.user_id:
        return Reader(user.email, patient.called, language_of(patient))
    return Reader(user.email, user.called, known(user.language or patient.language), about=patient.called)


def _themself(patient: Patient) -> Reader:
    return Reader(patient.email, patient.called, language_of(patient))


def language_of(patient: Patient) -> str:
    """In which of our languages a patient reads notices: the one on file, or else their account's."""
    return known(patient.language or (patient.user.language if patient.user else ""))
