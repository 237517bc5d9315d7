"""A psychologist gives a file to one of their patients, with a word; and takes it back."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from portal.accounts.roles import Role
from portal.audit import trail
from portal.common.access.actors import Actor
from portal.common.crypto.fields import clear
from portal.common.documents import CleanFile
from portal.patients.models import Patient
from portal.resources.actions.files import add_version, unguessable
from portal.resources.models import Audience, Resource, Share
from portal.resources.refusals import AlreadyShared, IsTakenDown, NotInTheirCare
from portal.resources.storage import Put


@sensitive_variables("note")
@transaction.atomic
def share(
    *, resource: Resource, patient: Patient, note: str = "", code: uuid.UUID | None = None, by: Actor, now: datetime
) -> Share:
    """Shares a file with a patient. `code` is the form's own: the same form sent twice shares once.

    Raises NotInTheirCare, IsTakenDown, or AlreadyShared where the patient has it from another form.
    """
    patient = _locked(patient, by=by)
    if sent_before := _sent_before(code, patient, by=by):
        return sent_before
    # Locked too: who replaces the file at this moment must know whether somebody was given the old one.
    resource = Resource.objects.select_for_update().get(pk=resource.pk)
    if resource.made_for_id not in {None, patient.pk}:
        raise NotInTheirCare
    if not resource.is_active or resource.current_id is None:
        raise IsTakenDown
    if standing := Share.objects.live().filter(resource=resource, patient=patient).first():
        raise AlreadyShared(standing)
    return _write(resource, patient, note, code, by=by, now=now)


@sensitive_variables("note", "title", "file")
@transaction.atomic
def share_own_file(
    *,
    patient: Patient,
    title: str,
    file: CleanFile,
    put: Put,
    note: str = "",
    code: uuid.UUID | None = None,
    by: Actor,
    now: datetime,
) -> Share:
    """Keeps a file for this patient alone, its bytes by `storage.put` and encrypted, and shares it.

    Raises NotInTheirCare.
    """
    patient = _locked(patient, by=by)
    if sent_before := _sent_before(code, patient, by=by):
        return sent_before
    resource = Resource(
        slug=unguessable(),
        **clear(own_title=title),
        audience=Audience.SHARED_ONLY,
        made_for=patient,
        created_at=now,
        updated_at=now,
        created_by=by.user,
    )
    resource.save(force_insert=True)
    add_version(resource, file, put, by=by, now=now)
    trail.record("resource.added", by=by, target=resource, at=now, patient=patient.pk, kind=file.kind)
    return _write(resource, patient, note, code, by=by, now=now)


@transaction.atomic
def withdraw(*, share: Share, by: Actor, now: datetime) -> bool:
    """Takes a shared file back: the patient's side no longer finds it. Whether it was still there to take.

    Raises NotInTheirCare.
    """
    _locked(share.patient, by=by)
    withdrawn = Share.objects.live().filter(pk=share.pk).update(withdrawn_at=now, withdrawn_by=by.user)
    if withdrawn:
        share.withdrawn_at, share.withdrawn_by = now, by.user
        trail.record("resource.share_withdrawn", by=by, target=share, at=now, patient=share.patient_id)
    return bool(withdrawn)


@transaction.atomic
def mark_seen(*, share: Share, by: Actor, now: datetime) -> bool:
    """Keeps when the patient's side first opened it; whether this was the first time."""
    seen_at = max(now, share.shared_at)
    first = Share.objects.unseen().filter(pk=share.pk).update(seen_at=seen_at)
    if first:
        share.seen_at = seen_at
        trail.record("resource.seen", by=by, target=share, at=now, patient=share.patient_id)
    return bool(first)


def _locked(patient: Patient, *, by: Actor) -> Patient:
    """The patient's row, locked, so that two forms sent at once are taken one after the other."""
    stored = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    if by.role != Role.PSYCHOLOGIST or not Patient.objects.in_care_of(by.person).filter(pk=stored.pk).exists():
        raise NotInTheirCare
    return stored


def _sent_before(code: uuid.UUID | None, patient: Patient, *, by: Actor) -> Share | None:
    if code is None:
        return None
    return Share.objects.filter(code=code, patient=patient, shared_by=by.user).first()


@sensitive_variables("note")
def _write(
    resource: Resource, patient: Patient, note: str, code: uuid.UUID | None, *, by: Actor, now: datetime
) -> Share:
    share = Share(resource=resource, patient=patient, shared_by=by.user, shared_at=now, **clear(note=note))
    # A code that somebody else's form has used is nobody's to choose again.
    if code is not None and not Share.objects.filter(code=code).exists():
        share.code = code
    share.save(force_insert=True)
    trail.record(
        "resource.shared", by=by, target=share, at=now, patient=patient.pk, resource=resource.code, noted=bool(note)
    )
    return share
