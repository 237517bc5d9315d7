from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from portal.audit import trail
from portal.common.access.actors import Actor
from portal.medicare.models import Referral
from portal.patients.models import Patient


@transaction.atomic
def add_referral(
    *,
    patient: Patient,
    referrer_name: str,
    written_on: date,
    referrer_provider_number: str = "",
    referrer_practice: str = "",
    services: int | None = None,
    period: str = "",
    kind: str = Referral.Kind.GP_PLAN,
    by: Actor,
    now: datetime,
) -> Referral:
    """Records a referral letter for a patient."""
    referral = Referral.objects.create(
        patient=patient,
        referrer_name=referrer_name,
        referrer_provider_number=referrer_provider_number,
        referrer_practice=referrer_practice,
        written_on=written_on,
        services=services,
        period=period,
        kind=kind,
        created_at=now,
        created_by=by.user,
    )
    trail.record("referral.added", by=by, target=referral, at=now, patient=str(patient.code))
    return referral
