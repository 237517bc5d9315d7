"""Opening what was written about somebody: recorded, and told to a colleague who wrote it, and to the patient."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils.translation import override

from portal.accounts.models import User
from portal.audit import trail
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.database.inserting import insert_or_ignore
from portal.journeys.to_do import steps
from portal.journeys.to_do.due import noon_or_five
from portal.journeys.to_do.kinds import RECORD_READ
from portal.notifications import outbox
from portal.notifications.recipients import Recipient
from portal.notifications.rendering import known
from portal.patients.models import Patient, Reading
from portal.records import actions as records
from portal.records.models import ProgressNote
from portal.resources.models import Share

A_DAY = timedelta(days=1)


@transaction.atomic
def open_note(*, note: ProgressNote, by: Actor, now: datetime) -> ProgressNote:
    """Opens a note's text for somebody to read. Raises records.NotTheirs."""
    records.read(note=note, by=by, now=now)
    if note.author.user_id != by.user_id:
        added = (addendum.author.user for addendum in note.addenda.select_related("author__user"))
        for author in dict.fromkeys((note.author.user, *added)):
            _tell(Reading.Kind.NOTE, note.patient, author, by=by, now=now)
    return note


@transaction.atomic
def open_file(*, share: Share, by: Actor, now: datetime) -> None:
    """Records that somebody opened a file made for one patient, which they may see."""
    trail.read("resource", by=by, target=share.resource, at=now, patient=share.patient_id)
    _tell(Reading.Kind.FILE, share.patient, share.shared_by, by=by, now=now)


def _tell(kind: Reading.Kind, patient: Patient, author: User, *, by: Actor, now: datetime) -> None:
    """Once a day for each reader, and not of one's own words."""
    if author == by.person:
        return
    clinic = ClinicSettings.current()
    row = Reading(
        patient=patient,
        kind=kind,
        reader=by.person,
        author=author,
        day=clinic.today(now),
        first_at=now,
        last_at=now,
    )
    if not insert_or_ignore(row):
        known_today = Reading.objects.filter(patient=patient, kind=kind, reader=by.person, author=author, day=row.day)
        known_today.update(times=F("times") + 1, last_at=now)
        return
    steps.put_on_list(
        RECORD_READ,
        about=row,
        dedupe_key=f"{RECORD_READ.name}:{row.code}",
        person=str(author.pk),
        due_at=noon_or_five(now + A_DAY, clinic.zone),
        by=by,
        now=now,
    )
    if author.is_active:
        _write_to(author, row)


def _write_to(author: User, row: Reading) -> None:
    """Neither whom it is about nor what it says: an e-mail is read over shoulders."""
    language = known(author.language)
    with override(language):
        path = reverse("psychologist:reading", args=[row.code])
    outbox.queue(
        template="record_read",
        to=Recipient.by_email(author.email),
        context={"name": author.called, "reader": row.reader.name, "path": path},
        dedupe_key=f"{RECORD_READ.name}:{row.code}",
        language=language,
        about=row,
    )
