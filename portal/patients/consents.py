"""Who agreed to which version of the clinic's policies, and whom to ask again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import get_language

from portal.audit import trail
from portal.common.access.actors import Actor
from portal.patients.models import Consent, Patient
from portal.policies.models import ENGLISH, PolicyKind, PolicyVersion
from portal.policies.publishing import published


@dataclass(frozen=True)
class Asked:
    """A policy in force, and the oldest of its versions that is still good to have agreed to."""

    version: PolicyVersion
    since: int

    @property
    def kind(self) -> str:
        return self.version.kind


def asked_for(*, today: date) -> list[Asked]:
    """What patients agree to now: at most one of each kind, none while nothing is published."""
    found = []
    for kind in PolicyKind:
        in_force = [version for version in published() if version.kind == kind and version.effective_from <= today]
        if in_force:
            since = next((version.number for version in in_force if version.ask_again), 1)
            found.append(Asked(in_force[0], since))
    return found


def outstanding(patients: Iterable[Patient], *, today: date) -> dict[int, list[PolicyVersion]]:
    """By patient's id, the policies that are still to be agreed to; whoever has agreed to all is not in it."""
    patients, asked = list(patients), asked_for(today=today)
    if not asked:
        return {}
    agreed: dict[tuple[int, str], int] = {}
    rows = Consent.objects.filter(patient__in=patients, version__in=_good(asked))
    for patient, kind, number in rows.values_list("patient_id", "version__kind", "version__number"):
        agreed[patient, kind] = max(number, agreed.get((patient, kind), 0))
    found = {
        patient.pk: [each.version for each in asked if agreed.get((patient.pk, each.kind), 0) < each.since]
        for patient in patients
    }
    return {pk: versions for pk, versions in found.items() if versions}


def with_earlier(patients: Iterable[Patient], *, kind: str) -> set[int]:
    """The ids of those who agreed to some version of this policy before: whom it helps to be told what changed."""
    agreed = Consent.objects.filter(patient__in=list(patients), version__kind=kind)
    return set(agreed.order_by().values_list("patient_id", flat=True))


def _good(asked: list[Asked]) -> list[int]:
    since = {each.kind: each.since for each in asked}
    return [version.pk for version in published() if version.kind in since and version.number >= since[version.kind]]


def agreed_to(kind: str, *, today: date) -> int:
    """How many patients have agreed to what is in force of this policy: whom a version that asks again reaches."""
    asked = [each for each in asked_for(today=today) if each.kind == kind]
    return Consent.objects.filter(version__in=_good(asked)).values("patient").distinct().count() if asked else 0


def agree(*, patient: Patient, versions: Iterable[PolicyVersion], by: Actor, now: datetime) -> list[Consent]:
    """Writes down that they agreed; a version agreed to already keeps its first day."""
    if not (versions := list(versions)):
        return []
    with transaction.atomic():
        return _agree(patient, versions, by=by, now=now)


def _agree(patient: Patient, versions: list[PolicyVersion], *, by: Actor, now: datetime) -> list[Consent]:
    Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    before = set(Consent.objects.filter(patient=patient, version__in=versions).values_list("version_id", flat=True))
    made = []
    for version in versions:
        if version.pk in before:
            continue
        before.add(version.pk)
        made.append(
            Consent.objects.create(
                patient=patient,
                version=version,
                agreed_by=by.person,
                role=str(by.role),
                agreed_at=now,
                language=get_language() or ENGLISH,
            )
        )
        trail.record("policy.agreed", target=patient, by=by, at=now, policy=str(version.kind), number=version.number)
    return made
