"""Writing, reading, assigning, closing. Journeys call these and do what crosses apps beside them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.audit import trail
from portal.clinic.models import ClinicSettings, Psychologist
from portal.common.access.actors import Actor
from portal.common.crypto.fields import clear
from portal.common.database.inserting import insert_or_ignore
from portal.common.database.turns import take_turn
from portal.common.documents import CleanFile
from portal.common.documents.sealed import SealedFile
from portal.messaging import correspondents
from portal.messaging.models import Attachment, Message, ReadMark, Side, Thread
from portal.messaging.refusals import ChangedMeanwhile, HasLeft, IsClosed, NobodyReads, NotTheirs, TooMany
from portal.patients.models import Patient

# What nobody writes by hand: of one account on the patient's side.
MOST_AN_HOUR = 30
AN_HOUR = timedelta(hours=1)
# Names the place of an attachment's bytes: what is encrypted there opens nowhere else.
OF_ATTACHMENT = "messaging.Attachment"


class Brought(NamedTuple):
    """A file that came with a message, and where its bytes lie by now."""

    file: CleanFile
    put: SealedFile


@sensitive_variables("about", "body", "brought")
@transaction.atomic
def begin(
    *,
    patient: Patient,
    psychologist: Psychologist | None,
    about: str,
    body: str,
    brought: Brought | None = None,
    by: Actor,
    now: datetime,
) -> Message:
    """Begins a conversation with its first message.

    Raises NotTheirs, NobodyReads where nobody signs in for the patient, or TooMany.
    """
    if not correspondents.may_begin(by, patient=patient, psychologist=psychologist, now=now):
        raise NotTheirs
    if by.is_staff and not correspondents.readers_of(patient, today=ClinicSettings.current().today(now)):
        raise NobodyReads
    thread = Thread(
        patient=patient,
        psychologist=psychologist,
        started_at=now,
        started_by=by.user,
        last_at=now,
        **clear(about=about),
    )
    thread.save(force_insert=True)
    trail.record("thread.begun", by=by, target=thread, at=now, patient=patient.pk)
    return _write(thread, body, brought, by=by, now=now)


@sensitive_variables("body", "brought")
@transaction.atomic
def write(
    *,
    thread: Thread,
    body: str,
    seen: str,
    brought: Brought | None = None,
    reopens: bool = False,
    by: Actor,
    now: datetime,
) -> Message:
    """Adds a message. `seen` is `Thread.mark` as the page showed it; `reopens` opens a closed one by it.

    Raises IsClosed, HasLeft, TooMany, or ChangedMeanwhile where somebody else here answered or took it over since.
    """
    held = _held(thread)
    if not held.is_open and not reopens:
        raise IsClosed
    if by.is_staff and _turn_of(seen) != held.turn:
        raise ChangedMeanwhile
    if not by.is_staff and _has_left(held):
        raise HasLeft
    if not held.is_open:
        _open(held, by=by, now=now)
    return _write(held, body, brought, upto=_number_of(seen), by=by, now=now)


@sensitive_variables("body", "phone")
@transaction.atomic
def receive_text(
    *, patient: Patient | None, phone: str, body: str, source: str, by: Actor, now: datetime
) -> Message | None:
    """Puts a text from a phone into the front desk's open conversation of texts with them, or begins one.

    `source` is the provider's name of it: told twice, it is written once, and None is returned. `patient` is None where
    nobody can tell whose text it is; then it goes by the number alone.
    """
    if Message.objects.filter(source=source).exists():
        return None
    # Two texts at once from one person, or from a number that nobody knows, go into one conversation.
    if patient is not None:
        Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    else:
        take_turn(f"texts:{phone}")
    texts = (
        Thread.objects.at_the_desk().still_open().filter(by_text=True, patient=patient).select_for_update(of=("self",))
    )
    thread = next((one for one in texts.order_by("-pk") if one.phone == phone), None)
    if thread is None:
        thread = Thread(patient=patient, by_text=True, started_at=now, last_at=now, **clear(about="", phone=phone))
        thread.save(force_insert=True)
        trail.record("thread.begun", by=by, target=thread, at=now, **_of(thread))
    message = Message(
        thread=thread, number=thread.last_number + 1, side=Side.PATIENT, source=source, sent_at=now, **clear(body=body)
    )
    if not insert_or_ignore(message):
        return None
    _count(thread, message, waiting_since=thread.waiting_since or now)
    trail.record("message.received", by=by, target=message, at=now, **_of(thread))
    return message


@transaction.atomic
def mark_read(*, thread: Thread, upto: int, by: Actor, now: datetime) -> bool:
    """Keeps how far somebody has read; whether that is further than before. What a colleague wrote to is recorded."""
    upto = min(upto, thread.last_number)
    mark = ReadMark(thread=thread, user=by.person, upto=upto, at=now)
    further = insert_or_ignore(mark)
    if not further:
        marks = ReadMark.objects.filter(thread=thread, user=by.person, upto__lt=upto)
        further = bool(marks.update(upto=upto, at=now))
    if further and by.is_staff and _is_outside(thread, by):
        trail.read("thread", by=by, target=thread, at=now, upto=upto, **_of(thread))
    return further


@transaction.atomic
def assign(*, thread: Thread, to: User | None, seen: str, by: Actor, now: datetime) -> None:
    """Gives a conversation of the front desk to somebody there, or back to all.

    Raises NotTheirs, IsClosed or ChangedMeanwhile.
    """
    held = _as_seen(thread, seen)
    if not held.is_at_the_desk or by.role not in {Role.RECEPTION, Role.MANAGER}:
        raise NotTheirs
    if to is not None and not ({Role.RECEPTION, Role.MANAGER} & set(to.roles) and to.is_active):
        raise NotTheirs
    if not held.is_open:
        raise IsClosed
    if held.assigned_to_id != (to.pk if to else None):
        held.assigned_to, held.assigned_at = to, now if to else None
        _turn(held, "assigned_to", "assigned_at")
        trail.record("thread.assigned", by=by, target=held, at=now, user=to.pk if to else None)


@transaction.atomic
def settle(*, thread: Thread, seen: str, by: Actor, now: datetime) -> None:
    """Says that what was written last needs no answer here. Raises ChangedMeanwhile, also of a newer message."""
    held = _as_seen(thread, seen, whole=True)
    if held.waiting_since is not None:
        held.waiting_since = None
        _turn(held, "waiting_since")
        trail.record("thread.settled", by=by, target=held, at=now, **_of(held))


@transaction.atomic
def close(*, thread: Thread, seen: str, by: Actor, now: datetime) -> None:
    """Ends a conversation; it can be opened again. Raises ChangedMeanwhile, also of a newer message."""
    held = _as_seen(thread, seen, whole=True)
    if held.is_open:
        held.closed_at, held.closed_by, held.waiting_since = now, by.user, None
        _turn(held, "closed_at", "closed_by", "waiting_since")
        trail.record("thread.closed", by=by, target=held, at=now, **_of(held))


@transaction.atomic
def reopen(*, thread: Thread, by: Actor, now: datetime) -> None:
    """Opens a closed conversation again; one that is open stays so. Raises HasLeft."""
    held = _held(thread)
    if _has_left(held):
        raise HasLeft
    if not held.is_open:
        _open(held, by=by, now=now)


@transaction.atomic
def name_patient(*, thread: Thread, patient: Patient, by: Actor, now: datetime) -> None:
    """Says whose texts these are; once. Raises ChangedMeanwhile where somebody has said so already."""
    held = _held(thread)
    if held.patient_id is not None:
        if held.patient_id != patient.pk:
            raise ChangedMeanwhile
        return
    held.patient = patient
    _turn(held, "patient")
    trail.record("thread.named", by=by, target=held, at=now, patient=patient.pk)


# ---- What they have in common ----------------------------------------------------------------------------------------


def _held(thread: Thread) -> Thread:
    """The row, locked: what is written to one conversation is written one after the other."""
    rows = Thread.objects.select_related("psychologist__user").select_for_update(of=("self",), no_key=True)
    return rows.get(pk=thread.pk)


def _as_seen(thread: Thread, seen: str, *, whole: bool = False) -> Thread:
    held = _held(thread)
    if (seen != held.mark) if whole else (_turn_of(seen) != held.turn):
        raise ChangedMeanwhile
    return held


def _open(held: Thread, *, by: Actor, now: datetime) -> None:
    held.closed_at, held.closed_by = None, None
    _turn(held, "closed_at", "closed_by")
    trail.record("thread.reopened", by=by, target=held, at=now, **_of(held))


def _has_left(held: Thread) -> bool:
    return held.psychologist is not None and correspondents.has_left(held.psychologist)


def _turn_of(seen: str) -> int:
    turn, _dot, _number = seen.partition(".")
    return int(turn) if turn.isascii() and turn.isdecimal() and len(turn) < 10 else -1


def _number_of(seen: str) -> int:
    _turn, _dot, number = seen.partition(".")
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 10 else 0


def _turn(held: Thread, *changed: str) -> None:
    held.turn += 1
    held.save(update_fields=["turn", *changed])


@sensitive_variables("body", "brought")
def _write(thread: Thread, body: str, brought: Brought | None, *, upto: int = 0, by: Actor, now: datetime) -> Message:
    side = Side.CLINIC if by.is_staff else Side.PATIENT
    if (
        side == Side.PATIENT
        and Message.objects.filter(author=by.person, sent_at__gt=now - AN_HOUR).count() >= MOST_AN_HOUR
    ):
        raise TooMany
    message = Message(
        thread=thread, number=thread.last_number + 1, side=side, author=by.person, sent_at=now, **clear(body=body)
    )
    message.save(force_insert=True)
    if brought is not None:
        file, put = brought
        Attachment(
            code=put.code,
            message=message,
            kind=file.kind,
            size=file.size,
            sha256=file.sha256,
            path=put.path,
            **clear(name=file.name, key=put.key),
        ).save(force_insert=True)
        put.is_named = True
    if side == Side.PATIENT:
        waiting_since: datetime | None = thread.waiting_since or now
    else:
        # What came while this answer was written waits on.
        later = Message.objects.filter(thread=thread, side=Side.PATIENT, number__gt=upto).order_by("number")
        waiting_since = later.values_list("sent_at", flat=True).first() if upto else None
    _count(thread, message, waiting_since=waiting_since)
    trail.record("message.sent", by=by, target=message, at=now, **_of(thread))
    mark_read(thread=thread, upto=message.number, by=by, now=now)
    return message


def _count(thread: Thread, message: Message, *, waiting_since: datetime | None) -> None:
    thread.last_number, thread.last_at, thread.waiting_since = message.number, message.sent_at, waiting_since
    changed = ["last_number", "last_at", "waiting_since"]
    if message.is_from_clinic:
        thread.last_from_clinic = message.number
        thread.turn += 1
        changed += ["last_from_clinic", "turn"]
    thread.save(update_fields=changed)


def _of(thread: Thread) -> dict[str, int]:
    return {"patient": thread.patient_id} if thread.patient_id else {}


def _is_outside(thread: Thread, by: Actor) -> bool:
    """Whether somebody here opens what is neither theirs to answer nor has a word of theirs in it."""
    if thread.psychologist_id is not None or thread.assigned_to_id == by.user_id:
        return False
    return not Message.objects.filter(thread=thread, author=by.person).exists()
