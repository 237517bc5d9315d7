"""The register of referrers: writing down, changing and merging. What letters and invoices say stays as it was."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Q

from portal.audit import trail
from portal.common.access.actors import Actor
from portal.common.text.normalise import fold
from portal.medicare.models import Referral, Referrer, ReferrerHistory
from portal.medicare.models.referrers import FACTS
from portal.medicare.refusals import MergedMeanwhile
from portal.patients.models import Patient

# Who writes a letter of a kind, where the register has to be told.
WRITES: Final = {
    Referral.Kind.GP_PLAN: Referrer.Kind.GP,
    Referral.Kind.PSYCHIATRIST_PLAN: Referrer.Kind.PSYCHIATRIST,
    Referral.Kind.PSYCHIATRIST: Referrer.Kind.PSYCHIATRIST,
    Referral.Kind.PAEDIATRICIAN: Referrer.Kind.PAEDIATRICIAN,
    Referral.Kind.OTHER: Referrer.Kind.OTHER,
}


@transaction.atomic
def add_referrer(*, values: Mapping[str, Any], by: Actor, now: datetime) -> Referrer:
    """Writes somebody into the register."""
    referrer = Referrer(**values, created_at=now, created_by=by.user, changed_at=now)
    referrer.found_by = referrer.words()
    referrer.save(force_insert=True)
    _remember(referrer, by=by, now=now)
    trail.record("referrer.added", by=by, target=referrer, at=now)
    return referrer


@transaction.atomic
def change_referrer(*, referrer: Referrer, values: Mapping[str, Any], by: Actor, now: datetime) -> Referrer:
    """Writes down what is known by now; what stood before is kept. Raises MergedMeanwhile."""
    stored = Referrer.objects.select_for_update(no_key=True, of=("self",)).get(pk=referrer.pk)
    if stored.merged_into_id is not None:
        raise MergedMeanwhile
    changed = [name for name, value in values.items() if getattr(stored, name) != value]
    if not changed:
        return stored
    for name in changed:
        setattr(stored, name, values[name])
    stored.found_by, stored.changed_at = stored.words(), now
    stored.save(update_fields=[*changed, "found_by", "changed_at"])
    _remember(stored, by=by, now=now)
    trail.record("referrer.changed", by=by, target=stored, at=now, fields=changed)
    return stored


@transaction.atomic
def merge(*, double: Referrer, into: Referrer, by: Actor, now: datetime) -> None:
    """Finds two entries to be one person's: `double` leads to `into` from now on. Raises MergedMeanwhile."""
    rows = Referrer.objects.select_for_update(of=("self",)).filter(pk__in=[double.pk, into.pk]).order_by("pk")
    if len([row for row in rows if row.merged_into_id is None]) != 2:
        raise MergedMeanwhile
    Referrer.objects.filter(merged_into=double).update(merged_into=into)
    Referrer.objects.filter(pk=double.pk).update(merged_into=into, merged_at=now, merged_by=by.user)
    trail.record("referrer.merged", by=by, target=double, at=now, into=str(into.code))


def entry_for(*, name: str, number: str, practice: str, kind: str, by: Actor, now: datetime) -> Referrer:
    """The entry of whoever wrote a letter that was typed by hand: the one that says the same, or else a new one."""
    alike = Referrer.objects.standing().order_by("pk")
    alike = alike.filter(provider_number=number) if number else alike.filter(provider_number="", practice=practice)
    for entry in alike:
        if fold(entry.name) == fold(name):
            return entry
    values = {"name": name, "provider_number": number, "practice": practice[:200], "kind": WRITES[Referral.Kind(kind)]}
    return add_referrer(values=values, by=by, now=now)


def perhaps_the_same(referrer: Referrer, *, limit: int = 5) -> list[Referrer]:
    """Other entries with the same provider number, or a name of the same words."""
    named = Q(found_by__startswith=" ".join(Referrer(name=referrer.name).words().split()))
    same = Q(provider_number=referrer.provider_number) if referrer.provider_number else Q(pk__in=[])
    return list(Referrer.objects.standing().filter(same | named).exclude(pk=referrer.pk).order_by("name", "pk")[:limit])


def same_number(number: str) -> Referrer | None:
    """The entry that has this provider number, which is one person's at one place."""
    return Referrer.objects.standing().filter(provider_number=number).order_by("pk").first() if number else None


def same_letter(patient: Patient, values: Mapping[str, Any]) -> Referral | None:
    """A letter on file for a patient that says the same of who wrote it, when and of what kind; `values` of a form."""
    letters = Referral.objects.standing().filter(
        patient=patient, written_on=values["written_on"], kind=values["kind"], is_for_group=values["is_for_group"]
    )
    number, name = values["referrer_provider_number"], fold(values["referrer_name"])
    for letter in letters.order_by("pk"):
        if (number and number == letter.referrer_provider_number) or name == fold(letter.referrer_name):
            return letter
    return None


def letters_of(referrer: Referrer) -> Any:
    """The letters on file that were filled in from this entry, or from one that was found to be its double."""
    return Referral.objects.standing().filter(Q(referrer=referrer) | Q(referrer__merged_into=referrer))


def _remember(referrer: Referrer, *, by: Actor, now: datetime) -> None:
    facts = {name: getattr(referrer, name) for name in FACTS}
    ReferrerHistory.objects.create(referrer=referrer, since=now, said_by=by.user, **facts)
