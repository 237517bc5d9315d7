"""A file shared with a patient, and the word to them that something is waiting."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils.translation import override
from django.views.decorators.debug import sensitive_variables

from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.documents import CleanFile
from portal.notifications import outbox
from portal.patients.models import Patient
from portal.patients.reaching import Reader, carers_of, readers_of
from portal.resources import storage
from portal.resources.actions import sharing
from portal.resources.models import Resource, Share


@sensitive_variables("note")
@transaction.atomic
def share_file(
    *, resource: Resource, patient: Patient, note: str, code: uuid.UUID | None = None, by: Actor, now: datetime
) -> Share:
    """Shares a file and tells the patient that something new is in their pages; a repeat does neither again.

    Raises NotInTheirCare, IsTakenDown or AlreadyShared.
    """
    share = sharing.share(resource=resource, patient=patient, note=note, code=code, by=by, now=now)
    _tell(share, now=now)
    return share


@sensitive_variables("note", "title", "file")
def share_own_file(
    *,
    patient: Patient,
    title: str,
    file: CleanFile,
    note: str,
    code: uuid.UUID | None = None,
    by: Actor,
    now: datetime,
) -> Share:
    """Keeps a file for one patient alone, shares it and tells them. Raises NotInTheirCare."""
    with storage.put(file, sealed=True) as put, transaction.atomic():
        share = sharing.share_own_file(
            patient=patient, title=title, file=file, put=put, note=note, code=code, by=by, now=now
        )
        _tell(share, now=now)
    return share


@transaction.atomic
def withdraw_file(*, share: Share, by: Actor, now: datetime) -> None:
    """Takes it back, and the notice with it if that has not gone out yet. Raises NotInTheirCare."""
    if sharing.withdraw(share=share, by=by, now=now):
        outbox.withdraw(about=share, why="taken_back", now=now)


def told(patient: Patient, *, now: datetime) -> list[Reader]:
    """Who is sent word that something new is waiting: of those who read notices, whoever may open it."""
    readers = readers_of(patient)
    if not patient.is_of_age(ClinicSettings.current().today(now)):
        return readers
    closed = {one.user.email for one in carers_of(patient) if not one.reads_files}
    return [reader for reader in readers if not (reader.about and reader.address in closed)]


def _tell(share: Share, *, now: datetime) -> None:
    """Neither what it is called nor what was written with it: an e-mail is read over shoulders."""
    for reader in told(share.patient, now=now):
        with override(reader.language):
            path = reverse("patient:documents")
        outbox.queue(
            template="file_shared",
            to=reader.to("file_shared"),
            context={"called": reader.called, "whose": reader.about, "path": path},
            dedupe_key=f"file_shared:{share.code}:{reader.digest}",
            language=reader.language,
            about=share,
            hours=reader.hours(zone=ClinicSettings.current().zone),
        )
