"""A letter is put on file, read and checked; the referrer is asked for what it lacks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from portal.audit import trail
from portal.common.access.actors import Actor
from portal.common.crypto.fields import clear
from portal.common.documents import CleanFile, sealed
from portal.medicare.models import LetterCheck, Referral, ReferralLetter
from portal.medicare.models.checks import TICKS
from portal.medicare.refusals import ChangedMeanwhile

# What the bytes of a letter are bound to, with its code.
BOUND_TO = "medicare.ReferralLetter"


@sensitive_variables("file")
@transaction.atomic
def put_on_file(
    *,
    referral: Referral,
    file: CleanFile,
    put: sealed.SealedFile,
    seen: str = "",
    why: str = "",
    by: Actor,
    now: datetime,
) -> ReferralLetter:
    """Puts the letter itself on file, its bytes by `sealed.put`. Where one is there, `why` says why it is replaced.

    `seen` is the code of what the page showed as the letter, empty for none; raises ChangedMeanwhile.
    """
    held = Referral.objects.select_for_update(of=("self",)).get(pk=referral.pk)
    before = ReferralLetter.objects.of(held)
    if (str(before.code) if before else "") != seen or not held.is_standing:
        raise ChangedMeanwhile
    if before is not None:
        before.replaced_at, before.replaced_by, before.replaced_why = now, by.user, why
        before.save(update_fields=["replaced_at", "replaced_by", "replaced_why"])
    letter = ReferralLetter(
        code=put.code,
        referral=held,
        course=held.course,
        **clear(name=file.name, key=put.key),
        kind=file.kind,
        size=file.size,
        sha256=file.sha256,
        path=put.path,
        added_at=now,
        added_by=by.user,
    )
    letter.save(force_insert=True)
    put.is_named = True
    facts = {"reason": why} if before else {}
    trail.record("referral_letter.added", by=by, target=letter, at=now, patient=held.patient_id, **facts)
    return letter


def read(*, letter: ReferralLetter, by: Actor, now: datetime) -> bytes:
    """Opens a letter that `readable_by` lets the actor open, and says so in the trail. Raises FileGone, Tampered."""
    content = sealed.opened(letter.path, key=letter.key, of=BOUND_TO, code=letter.code)
    trail.read("referral_letter", by=by, target=letter, at=now, patient=letter.referral.patient_id)
    return content


@transaction.atomic
def check(*, referral: Referral, ticks: Mapping[str, Any], by: Actor, now: datetime) -> LetterCheck:
    """Writes down what the letter was found to say; what was found before is kept."""
    found = LetterCheck.objects.create(
        referral=referral,
        course=referral.course,
        checked_at=now,
        checked_by=by.user,
        **{name: ticks.get(name) for name in TICKS},
    )
    trail.record(
        "referral.checked", by=by, target=referral, at=now, patient=referral.patient_id, complete=found.is_complete
    )
    return found


@transaction.atomic
def asked(*, found: LetterCheck, how: str, by: Actor, now: datetime) -> bool:
    """Writes down that the referrer was asked for what is missing; whether this was the first word of it."""
    waits = LetterCheck.objects.filter(pk=found.pk, asked_at__isnull=True)
    first = waits.update(asked_at=now, asked_by=by.user, asked_how=how)
    if first:
        trail.record("referral.asked", by=by, target=found.referral, at=now, patient=found.referral.patient_id, how=how)
    return bool(first)


@transaction.atomic
def answered(*, found: LetterCheck, by: Actor, now: datetime) -> bool:
    """Writes down that the referrer answered; whether this was the first word of it."""
    waits = LetterCheck.objects.filter(pk=found.pk, asked_at__isnull=False, answered_at__isnull=True)
    first = waits.update(answered_at=now, answered_by=by.user)
    if first:
        trail.record("referral.answered", by=by, target=found.referral, at=now, patient=found.referral.patient_id)
    return bool(first)
