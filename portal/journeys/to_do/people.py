"""Work about people: who may have had a record before they made one online, and whom no e-mail reaches."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from portal.accounts.models import User
from portal.appointments.models import Offer
from portal.audit import trail
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.journeys.to_do import steps
from portal.journeys.to_do.due import noon_or_five
from portal.journeys.to_do.kinds import DOUBLED, OFFER_UNREACHED
from portal.patients import signing_in
from portal.patients.doubles import doubles_of
from portal.patients.models import Patient
from portal.worklist.models import ToDo

MANY: Final = 200
DAY, A_WHILE = timedelta(days=1), timedelta(hours=2)


def compare_new_records(*, by: Actor, now: datetime) -> int:
    """Compares the records made while booking with all others, and puts what may be one person's on the list.

    Not as they are made: whoever books would learn from the time it takes whether somebody is a patient. Returns how
    many are new on the list.
    """
    count = 0
    due_at = noon_or_five(now + A_WHILE, ClinicSettings.current().zone)
    made = Patient.objects.filter(compared_at__isnull=True).order_by("created_at", "pk")
    for pk in list(made.values_list("pk", flat=True)[:MANY]):
        with transaction.atomic():
            held = Patient.objects.filter(pk=pk, compared_at__isnull=True).select_for_update(no_key=True).first()
            if held is None:
                continue
            if doubles_of(held):
                to_do = steps.put_on_list(
                    DOUBLED,
                    about=held,
                    dedupe_key=f"{DOUBLED.name}:{held.code}",
                    due_at=due_at,
                    escalates_at=due_at + 2 * DAY,
                    by=by,
                    now=now,
                )
                count += to_do is not None
            Patient.objects.filter(pk=pk).update(compared_at=now)
    return count


def doubled(patient: Patient) -> ToDo | None:
    """The open work about this record, or None."""
    return ToDo.objects.still_open().of_kind(DOUBLED.name).about(patient).first()


@transaction.atomic
def open_the_other(
    *, patient: Patient, other: Patient, checked: Collection[User], bills: bool, by: Actor, now: datetime
) -> list[signing_in.Reader]:
    """Both are one person's: whoever signs in for this record does so for the other one from now on.

    `checked`, `bills`, what is returned and what is raised are those of `signing_in.move_account`.
    """
    opened = signing_in.move_account(patient=patient, to=other, checked=checked, bills=bills, by=by, now=now)
    if to_do := doubled(patient):
        steps.finish(to_do, outcome="linked", by=by, now=now)
    return opened


@transaction.atomic
def keep_closed(*, patient: Patient, other: Patient, by: Actor, now: datetime) -> None:
    """Both are one person's, but whoever made this record does not open the other one; nobody is asked again."""
    if to_do := doubled(patient):
        steps.finish(to_do, outcome="same_closed", by=by, now=now)
        trail.record("patient.kept_closed", target=other, by=by, at=now, patient=patient.pk)


@transaction.atomic
def keep_apart(*, patient: Patient, by: Actor, now: datetime) -> None:
    """They are not the same person; nobody is asked about this record again."""
    if to_do := doubled(patient):
        steps.finish(to_do, outcome="not_same", by=by, now=now)


def raise_unreached(offer: Offer, *, by: Actor, now: datetime) -> ToDo | None:
    """Puts somebody on the list to whom a time was offered in vain; once, until it is done."""
    patient = offer.entry.patient
    if ToDo.objects.still_open().of_kind(OFFER_UNREACHED.name).about(patient).exists():
        return None
    due_at = noon_or_five(now + A_WHILE, ClinicSettings.current().zone)
    return steps.put_on_list(
        OFFER_UNREACHED,
        about=patient,
        dedupe_key=f"{OFFER_UNREACHED.name}:{offer.code}",
        due_at=due_at,
        escalates_at=due_at + DAY,
        by=by,
        now=now,
    )
