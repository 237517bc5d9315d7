"""What was claimed from Medicare for somebody, as the ledger counts it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import QuerySet

from portal.billing.models import MedicareClaim
from portal.common.database.compiled import compiled
from portal.medicare.ledger import Service
from portal.medicare.models import Referral


def services_claimed(patients: Iterable[int]) -> dict[int, list[Service]]:
    """Every service of these patients (primary keys) that a claim stands for, by the line that it is billed on."""
    found: dict[int, list[Service]] = defaultdict(list)
    for patient, code, day, starts_at, counts_towards, course in _standing(list(patients)):
        found[patient].append(
            Service(key=str(code), day=day, starts_at=starts_at, counts_towards=counts_towards, course=str(course))
        )
    return found


@compiled
def _standing(patients: Collection[int]) -> QuerySet[MedicareClaim, tuple[Any, ...]]:
    standing = MedicareClaim.objects.standing().filter(patient__in=patients)
    return standing.values_list("patient", "code", "service_date", "starts_at", "counts_towards", "referral__course")


def is_claimed(referral: Referral) -> bool:
    """Whether a claim under the referral stands, or under what it corrects: it stays on file then."""
    return MedicareClaim.objects.standing().filter(referral__course=referral.course).exists()
