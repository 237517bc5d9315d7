from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from portal.audit import trail
from portal.common.access.actors import Actor
from portal.medicare.models import Referral
from portal.patients.models import Patient


class AlreadyReplaced(Exception):
    """The referral was replaced before; change the one that took its place."""


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


@transaction.atomic
def replace_referral(*, referral: Referral, by: Actor, now: datetime, **fields) -> Referral:
    """Puts a corrected referral in an old one's place, which is kept; raises AlreadyReplaced.

    `fields` are those of `add_referral`. What invoices printed from the old one stays as it was printed.
    """
    old = Referral.objects.select_for_update().select_related("patient").get(pk=referral.pk)
    if old.replaced_at is not None:
        raise AlreadyReplaced
    new = add_referral(patient=old.patient, by=by, now=now, **fields)
    old.replaced_at, old.replaced_by = now, new
    old.save(update_fields=["replaced_at", "replaced_by"])
    trail.record("referral.replaced", by=by, target=old, at=now, new=str(new.code))
    return new
