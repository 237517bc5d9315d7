"""Writing, signing, adding to and opening progress notes. Every one of them stands in the trail."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from portal.appointments.models import Appointment
from portal.audit import trail
from portal.clinic.models import Psychologist
from portal.common.access.actors import Actor
from portal.common.crypto.fields import clear
from portal.records import chain
from portal.records.headings import says_something
from portal.records.models import Addendum, ProgressNote, State, Template
from portal.records.refusals import (
    AlreadySigned,
    NoSession,
    NothingWritten,
    NotSigned,
    NotTheirs,
    NotYet,
    StaleDraft,
)


@sensitive_variables("body")
@transaction.atomic
def save_draft(
    *, appointment: Appointment, body: str, template: str = Template.FREE, version: int, by: Actor, now: datetime
) -> ProgressNote:
    """Keeps the draft of a session's note; `version` is the one that was written on, 0 before there was any.

    The same text sent again is no change, so a repeat whose answer got lost does no harm. Raises StaleDraft if another
    window saved meanwhile, AlreadySigned, NothingWritten (no draft is begun by an empty page), NotTheirs, NoSession.
    """
    session = _locked(appointment, by)
    body = tidy(body)
    note = ProgressNote.objects.select_for_update(of=("self",)).filter(appointment=session).first()
    if note is None:
        if not body.strip():
            raise NothingWritten
        note = ProgressNote(
            appointment=session,
            patient=session.patient,
            author=session.psychologist,
            template=template,
            **clear(body=body),
            created_at=now,
            updated_at=now,
        )
        note.save(force_insert=True)
        trail.record("note.drafted", by=by, target=note, appointment=session.pk, patient=session.patient_id)
        return note
    if note.is_signed:
        raise AlreadySigned(note)
    if note.body == body and note.template == template:
        return note
    if note.version != version:
        raise StaleDraft(note)
    note.body, note.template, note.version, note.updated_at = body, template, version + 1, now
    note.save(update_fields=["body", "template", "version", "updated_at"])
    return note


@transaction.atomic
def sign(*, appointment: Appointment, version: int, by: Actor, now: datetime) -> ProgressNote:
    """Signs the draft as it stood at `version`; from then on nothing changes it.

    Raises StaleDraft, AlreadySigned, NothingWritten, NotYet (the session has not begun), NotTheirs, NoSession.
    """
    session = _locked(appointment, by)
    note = ProgressNote.objects.select_for_update(of=("self",)).filter(appointment=session).first()
    if note is None:
        raise NothingWritten
    if note.is_signed:
        raise AlreadySigned(note)
    if note.version != version:
        raise StaleDraft(note)
    if now < session.starts_at:
        raise NotYet
    if not says_something(note.body):
        raise NothingWritten
    note.state, note.signed_at, note.signed_by = State.SIGNED, now, by.user
    # As the session stands now: the lock keeps it so until the signature is in.
    note.appointment, note.author, note.patient = session, session.psychologist, session.person
    chain.append(note)
    note.save(update_fields=["state", "signed_at", "signed_by", "sequence", "previous_hash", "hash"])
    trail.record(
        "note.signed", by=by, target=note, at=now, patient=note.patient_id, sequence=note.sequence, seal=note.hash
    )
    return note


@sensitive_variables("body")
@transaction.atomic
def add_addendum(*, note: ProgressNote, body: str, by: Actor, now: datetime, code: uuid.UUID | None = None) -> Addendum:
    """Adds to a signed note, signed at once by whoever adds it: a psychologist who may read it.

    `code` is the form's own: the same form sent twice adds once. Raises NotSigned, NothingWritten, NotTheirs.
    """
    note = ProgressNote.objects.select_for_update(of=("self",)).get(pk=note.pk)
    if not ProgressNote.objects.visible_to(by, now=now).filter(pk=note.pk).exists():
        raise NotTheirs
    if not note.is_signed:
        raise NotSigned
    if code is not None and (sent_before := note.addenda.filter(code=code, signed_by=by.user).first()):
        return sent_before
    body = tidy(body)
    if not body.strip():
        raise NothingWritten
    author = Psychologist.objects.get(user=by.user)
    addendum = Addendum(note=note, author=author, **clear(body=body), signed_at=now, signed_by=by.user)
    if code is not None and not Addendum.objects.filter(code=code).exists():
        addendum.code = code
    chain.append(addendum)
    addendum.save(force_insert=True)
    trail.record(
        "note.addendum_added",
        by=by,
        target=addendum,
        at=now,
        note=note.pk,
        patient=note.patient_id,
        sequence=addendum.sequence,
        seal=addendum.hash,
    )
    return addendum


def read(*, note: ProgressNote, by: Actor, now: datetime) -> ProgressNote:
    """Opens a note's text for somebody to read, and says so in the trail. Raises NotTheirs."""
    if not ProgressNote.objects.visible_to(by, now=now).filter(pk=note.pk).exists():
        raise NotTheirs
    trail.read("note", by=by, target=note, at=now, patient=note.patient_id)
    return note


def tidy(body: str) -> str:
    """One kind of line end (forms send two characters), and no NUL, which no page can show."""
    return body.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


def _locked(appointment: Appointment, by: Actor) -> Appointment:
    """The session's row, locked: neither its time nor its status moves while its note is written."""
    session = (
        Appointment.objects.select_for_update(of=("self",))
        .select_related("psychologist", "patient")
        .get(pk=appointment.pk)
    )
    if by.user_id is None or session.psychologist.user_id != by.user_id:
        raise NotTheirs
    if session.is_hold or session.patient is None:
        raise NoSession
    return session
