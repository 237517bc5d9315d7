"""What was claimed from Medicare for somebody, as the ledger counts it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from portal.billing.models import MedicareClaim
from portal.medicare.ledger import Service


def services_claimed(patients: Iterable[int]) -> dict[int, list[Service]]:
    """Every service of these patients (primary keys) that a claim stands for, by the line that it is billed on."""
    found: dict[int, list[Service]] = defaultdict(list)
    rows = (
        MedicareClaim.objects.standing()
        .filter(patient__in=list(patients))
        .values_list("patient", "code", "service_date", "starts_at", "counts_towards", "referral__code")
    )
    for patient, code, day, starts_at, counts_towards, referral in rows:
        found[patient].append(
            Service(key=str(code), day=day, starts_at=starts_at, counts_towards=counts_towards, course=str(referral))
        )
    return found
