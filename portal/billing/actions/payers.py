"""The register of those who pay for others, and for whom each pays. Nothing is deleted: bills name them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet, prefetch_related_objects

from portal.appointments.models import Appointment
from portal.audit import trail
from portal.billing.models.invoice import Invoice, Line
from portal.billing.models.payer import PatientPayer, Payer, chosen_by_itself
from portal.billing.refusals import BilledWithItems, PaysAlready
from portal.common.access.actors import Actor
from portal.common.database.compiled import compiled
from portal.common.money import ZERO
from portal.patients.models import Patient


@transaction.atomic
def add_payer(*, values: Mapping[str, Any], by: Actor, now: datetime) -> Payer:
    """Adds a payer to the register; `values` is what `PayerForm` gives."""
    payer = Payer.objects.create(**values, created_at=now, created_by=by.user)
    trail.record("payer.added", target=payer, by=by, at=now, kind=payer.kind)
    return payer


@transaction.atomic
def update_payer(*, payer: Payer, values: Mapping[str, Any], by: Actor, now: datetime) -> Payer:
    """Changes a payer; bills that were issued keep what they printed.

    Raises BilledWithItems where they would become a third party, whom Medicare pays nothing for, behind such bills.
    """
    stored = Payer.objects.select_for_update(no_key=True).get(pk=payer.pk)
    changed = sorted(name for name, value in values.items() if getattr(stored, name) != value)
    if changed:
        was_family = not stored.is_third_party
        for name in changed:
            setattr(stored, name, values[name])
        if was_family and stored.is_third_party:
            claimed = Line.objects.exclude(item_number="", benefit=ZERO)
            bills = Invoice.objects.issued().filter(payer=stored, pk__in=claimed.values("invoice"))
            if found := list(bills.for_listing()):
                raise BilledWithItems(found)
        stored.save(update_fields=changed)
        trail.record("payer.changed", target=stored, by=by, at=now, fields=changed)
    return stored


@transaction.atomic
def retire_payer(*, payer: Payer, by: Actor, now: datetime) -> None:
    """Offers a payer for no new bill; what they were billed stays theirs to pay."""
    if Payer.objects.in_use().filter(pk=payer.pk).update(retired_at=now, retired_by=by.user):
        trail.record("payer.retired", target=payer, by=by, at=now)


@transaction.atomic
def restore_payer(*, payer: Payer, by: Actor, now: datetime) -> None:
    """Offers a payer again."""
    if Payer.objects.filter(pk=payer.pk, retired_at__isnull=False).update(retired_at=None, retired_by=None):
        trail.record("payer.restored", target=payer, by=by, at=now)


@transaction.atomic
def let_pay(*, patient: Patient, payer: Payer, values: Mapping[str, Any], by: Actor, now: datetime) -> PatientPayer:
    """Says that a payer pays for a patient; raises PaysAlready where that is said already."""
    rest = {name: value for name, value in values.items() if name != "services"}
    try:
        with transaction.atomic():
            link = PatientPayer.objects.create(patient=patient, payer=payer, **rest, created_at=now, created_by=by.user)
    except IntegrityError:
        if not PatientPayer.objects.filter(patient=patient, payer=payer, ended_at__isnull=True).exists():
            raise
        raise PaysAlready from None
    link.services.set(values.get("services", ()))
    trail.record("payer.linked", target=link, by=by, at=now, patient=str(patient.code), pays=link.pays)
    return link


@transaction.atomic
def change_link(*, link: PatientPayer, values: Mapping[str, Any], by: Actor, now: datetime) -> PatientPayer:
    """Changes what a payer pays for, or their numbers; bills that were issued keep theirs."""
    stored = PatientPayer.objects.select_for_update(no_key=True, of=("self",)).get(pk=link.pk)
    plain = {name: value for name, value in values.items() if name != "services"}
    changed = sorted(name for name, value in plain.items() if getattr(stored, name) != value)
    if changed:
        for name in changed:
            setattr(stored, name, plain[name])
        stored.save(update_fields=changed)
    if "services" in values and set(stored.services.all()) != set(values["services"]):
        stored.services.set(values["services"])
        changed = [*changed, "services"]
    if changed:
        trail.record("payer.link_changed", target=stored, by=by, at=now, fields=changed)
    return stored


@transaction.atomic
def end_link(*, link: PatientPayer, by: Actor, now: datetime) -> None:
    """Says that a payer pays for a patient no longer."""
    if PatientPayer.objects.filter(pk=link.pk, ended_at__isnull=True).update(ended_at=now, ended_by=by.user):
        trail.record("payer.link_ended", target=link, by=by, at=now)


def links_of(patient: Patient) -> list[PatientPayer]:
    """Who pays for a patient, the newest first, with what each pays for."""
    return _links({patient.pk})


def links_of_all(patients: Iterable[int]) -> dict[int | None, list[PatientPayer]]:
    """The same for many patients, by their ids. Two queries, however many there are."""
    found: dict[int | None, list[PatientPayer]] = defaultdict(list)
    for link in _links(set(patients)):
        found[link.patient_id].append(link)
    return found


def _links(patients: Collection[int]) -> list[PatientPayer]:
    links = _in_force(patients)
    prefetch_related_objects(links, "services")
    return links


@compiled
def _in_force(patients: Collection[int]) -> QuerySet[PatientPayer]:
    links = PatientPayer.objects.in_force().filter(patient__in=patients).select_related("payer")
    return links.order_by("-created_at", "-pk")


def payer_of(appointment: Appointment, *, is_fee: bool = False) -> PatientPayer | None:
    """Whose bill a session's invoice, or the fee for it, is by itself; None is the patient's own."""
    if appointment.patient is None:
        return None
    return chosen_by_itself(links_of(appointment.patient), service=appointment.service, is_fee=is_fee)
