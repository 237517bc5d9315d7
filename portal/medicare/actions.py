from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction

from portal.audit import trail
from portal.common.access.actors import Actor
from portal.medicare import referrers
from portal.medicare.models import BetterAccessLimits, Referral, Referrer, UsedElsewhere
from portal.medicare.refusals import ChangedMeanwhile, LimitsKnown
from portal.patients.models import Patient


@transaction.atomic
def add_referral(
    *,
    patient: Patient,
    referrer_name: str,
    written_on: date,
    referrer_provider_number: str = "",
    referrer_practice: str = "",
    referrer: Referrer | None = None,
    services: int | None = None,
    decided: int | None = None,
    decided_how: str = "",
    decided_note: str = "",
    used_elsewhere: int = 0,
    continues_elsewhere: bool = False,
    is_for_group: bool = False,
    period: str = "",
    kind: str = Referral.Kind.GP_PLAN,
    by: Actor,
    now: datetime,
) -> Referral:
    """Records a referral letter for a patient; who wrote it is written into the register unless they stand there."""
    referral = Referral.objects.create(
        patient=patient,
        referrer=referrer
        or referrers.entry_for(
            name=referrer_name,
            number=referrer_provider_number,
            practice=referrer_practice,
            kind=kind,
            by=by,
            now=now,
        ),
        referrer_name=referrer_name,
        referrer_provider_number=referrer_provider_number,
        referrer_practice=referrer_practice,
        written_on=written_on,
        services=services,
        decided=decided,
        decided_how=decided_how,
        decided_note=decided_note,
        used_elsewhere=used_elsewhere,
        continues_elsewhere=continues_elsewhere,
        is_for_group=is_for_group,
        period=period,
        kind=kind,
        created_at=now,
        created_by=by.user,
    )
    trail.record("referral.added", by=by, target=referral, at=now, patient=str(patient.code))
    return referral


@transaction.atomic
def say_used_elsewhere(
    *,
    patient: Patient,
    year: int,
    individual: int,
    carer: int,
    group: int,
    by: Actor,
    now: datetime,
    seen: int | None = None,
) -> UsedElsewhere:
    """Writes down how many services the patient had elsewhere in a calendar year, in all; what was said before ends.

    `seen` is the primary key of what the page showed, if anything; raises ChangedMeanwhile where another counts by now.
    """
    Patient.objects.select_for_update(of=("self",)).get(pk=patient.pk)
    newest = UsedElsewhere.objects.filter(patient=patient).newest_of(year)
    if (newest.pk if newest else None) != seen:
        raise ChangedMeanwhile
    said = UsedElsewhere.objects.create(
        patient=patient, year=year, individual=individual, carer=carer, group=group, said_at=now, said_by=by.user
    )
    trail.record("referral.used_elsewhere", by=by, target=patient, at=now, year=year)
    return said


@transaction.atomic
def add_limits(*, values: Mapping[str, Any], by: Actor, today: date, now: datetime) -> BetterAccessLimits:
    """Writes down limits that hold for services from a day on, read today; raises LimitsKnown."""
    made, is_new = BetterAccessLimits.objects.get_or_create(
        valid_from=values["valid_from"], defaults=dict(values) | {"read_on": today}
    )
    if not is_new:
        raise LimitsKnown
    trail.record("schedule.limits_added", by=by, at=now, valid_from=made.valid_from)
    return made
