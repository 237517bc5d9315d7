"""Letting a colleague read one's signed notes before their first session with somebody, and taking it back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from portal.audit import trail
from portal.clinic.models import Psychologist
from portal.common.access.actors import Actor
from portal.patients.models import Patient
from portal.records.models import Handover, ProgressNote
from portal.records.refusals import NotTheirs


def own(*, patient: Patient, by: Actor) -> list[Handover]:
    """Whom the actor lets read about this person."""
    given = Handover.objects.in_force().filter(patient=patient, author__user=by.person)
    return list(given.select_related("reader__user").order_by("given_at"))


def colleagues(*, patient: Patient, by: Actor) -> list[Psychologist]:
    """Who could be let: colleagues whom this person booked with. Nobody where there is nothing of one's own to read."""
    if not ProgressNote.objects.signed().filter(patient=patient, author__user=by.person).exists():
        return []
    booked = patient.appointments.with_a_person().values("psychologist")
    others = Psychologist.objects.filter(pk__in=booked, is_active=True).exclude(user=by.person)
    taken = Handover.objects.in_force().filter(patient=patient, author__user=by.person).values("reader")
    return list(others.exclude(pk__in=taken).select_related("user").order_by("user__first_name", "pk"))


@transaction.atomic
def hand_over(*, patient: Patient, reader: Psychologist, by: Actor, now: datetime) -> Handover:
    """Opens what the actor signed about somebody to a colleague of theirs; twice is once. Raises NotTheirs."""
    Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    author = Psychologist.objects.filter(user=by.person).first()
    if standing := Handover.objects.in_force().filter(patient=patient, author=author, reader=reader).first():
        return standing
    if author is None or reader not in colleagues(patient=patient, by=by):
        raise NotTheirs
    made = Handover.objects.create(patient=patient, author=author, reader=reader, given_at=now)
    trail.record("note.handed_over", by=by, target=made, at=now, patient=patient.pk, psychologist=reader.pk)
    return made


@transaction.atomic
def take_back(*, handover: Handover, by: Actor, now: datetime) -> None:
    """Closes it again, unless the colleague treats the person by now. Raises NotTheirs."""
    if handover.author.user_id != by.user_id:
        raise NotTheirs
    if Handover.objects.in_force().filter(pk=handover.pk).update(ended_at=now):
        trail.record("note.handover_ended", by=by, target=handover, at=now, patient=handover.patient_id)
