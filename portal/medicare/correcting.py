"""What becomes of a letter once it is on file: it is corrected by a new row, or taken off. The old row is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from portal.audit import trail
from portal.common.access.actors import Actor
from portal.medicare.models import Referral
from portal.medicare.refusals import ChangedMeanwhile, InUse, NothingChanged

# What a letter says, and so what a correction may change.
FACTS = (
    *("kind", "referrer", "referrer_name", "referrer_provider_number", "referrer_practice", "written_on", "services"),
    *("decided", "decided_how", "decided_note", "used_elsewhere", "continues_elsewhere", "is_for_group", "period"),
)


@transaction.atomic
def correct(*, referral: Referral, values: Mapping[str, Any], why: str, by: Actor, now: datetime) -> Referral:
    """Puts what the letter says in the place of what was written down; claims under it count on.

    Raises ChangedMeanwhile where it was corrected or taken off since, NothingChanged, and InUse where it would be one
    without Medicare while a claim under it stands.
    """
    stored = _held(referral)
    facts = {name: getattr(stored, name) for name in FACTS}
    changed = sorted(name for name, value in values.items() if facts[name] != value)
    if not changed:
        raise NothingChanged
    _end(stored, Referral.End.CORRECTED, why, by=by, now=now)
    try:
        with transaction.atomic():
            corrected = Referral.objects.create(
                **facts | dict(values),
                patient_id=stored.patient_id,
                course=stored.course,
                corrects=stored,
                created_at=now,
                created_by=by.user,
            )
    except IntegrityError as error:
        if "is one for Medicare" in str(error):
            raise InUse from error
        raise
    trail.record(
        "referral.corrected",
        by=by,
        target=corrected,
        at=now,
        patient=str(stored.patient.code),
        fields=changed,
        reason=why,
    )
    return corrected


@transaction.atomic
def take_off(*, referral: Referral, why: str, by: Actor, now: datetime) -> None:
    """Takes a letter off file. Raises ChangedMeanwhile, and InUse while a claim under it stands: void the invoice."""
    stored = _held(referral)
    try:
        with transaction.atomic():
            _end(stored, Referral.End.TAKEN_OFF, why, by=by, now=now)
    except IntegrityError as error:
        if "stays on file" in str(error):
            raise InUse from error
        raise
    trail.record("referral.taken_off", by=by, target=stored, at=now, patient=str(stored.patient.code), reason=why)


def _held(referral: Referral) -> Referral:
    """The row, locked with all of its patient's as check-out locks them: a claim comes before or after, not while."""
    rows = Referral.objects.filter(patient=referral.patient_id).order_by("pk").select_for_update(of=("self",))
    held = {row.pk: row for row in rows}
    stored = held.get(referral.pk)
    if stored is None or not stored.is_standing:
        raise ChangedMeanwhile
    return stored


def _end(referral: Referral, end: str, why: str, *, by: Actor, now: datetime) -> None:
    referral.ended_at, referral.ended_by, referral.end, referral.ended_why = now, by.user, end, why
    referral.save(update_fields=["ended_at", "ended_by", "end", "ended_why"])
