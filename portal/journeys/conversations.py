"""Messages between patients and the clinic, with the work that waits for an answer and the word that one is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils.translation import override
from django.views.decorators.debug import sensitive_variables

from portal.accounts.models import User
from portal.clinic.models import ClinicSettings, Psychologist
from portal.common.access.actors import Actor
from portal.common.documents import CleanFile, sealed
from portal.journeys import texting_back
from portal.journeys.to_do import steps
from portal.journeys.to_do.due import noon_or_five
from portal.journeys.to_do.kinds import MESSAGE_FOR_ONE, MESSAGE_LEFT_BEHIND, MESSAGE_WAITS, OF_MESSAGES
from portal.messaging import actions, correspondents
from portal.messaging.actions import OF_ATTACHMENT, Brought
from portal.messaging.answering import answered_by
from portal.messaging.models import Message, ReadMark, Side, Thread
from portal.notifications import outbox
from portal.patients.models import Patient
from portal.patients.reaching import by_account, readers_of
from portal.worklist.models import ToDo

A_TEXT, A_DAY = timedelta(hours=1), timedelta(days=1)


@contextmanager
def brought_along(file: CleanFile | None) -> Iterator[Brought | None]:
    """Encrypts a file and puts it away before a transaction begins; it goes again if no message comes to name it."""
    if file is None:
        yield None
        return
    with sealed.put(file, of=OF_ATTACHMENT) as put:
        yield Brought(file, put)


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
) -> Thread:
    """Begins a conversation. Raises NotTheirs, NobodyReads or TooMany."""
    message = actions.begin(
        patient=patient, psychologist=psychologist, about=about, body=body, brought=brought, by=by, now=now
    )
    return _follow(message, by=by, now=now)


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
) -> Thread:
    """Adds a message; `reopens` opens a closed conversation by it. Where texts came in, the desk's goes out as one.

    Raises IsClosed, HasLeft, TooMany or ChangedMeanwhile; and CannotText or TooLong of a text.
    """
    if by.is_staff and thread.by_text:
        texting_back.check(thread, body, has_file=brought is not None)
    message = actions.write(thread=thread, body=body, seen=seen, brought=brought, reopens=reopens, by=by, now=now)
    return _follow(message, by=by, now=now)


@sensitive_variables("body", "phone")
@transaction.atomic
def receive_text(
    *, patient: Patient | None, phone: str, body: str, source: str, by: Actor, now: datetime
) -> Message | None:
    """Puts a text from a phone before the front desk; None where this text was told before.

    `phone` is the number that it came from, as +61...; `source` the provider's name of the text. `patient` is None
    where the number is nobody's or several people's: the desk then says whose it is.
    """
    message = actions.receive_text(patient=patient, phone=phone, body=body, source=source, by=by, now=now)
    if message is not None:
        _follow(message, by=by, now=now)
    return message


@transaction.atomic
def assign(*, thread: Thread, to: User | None, seen: str, by: Actor, now: datetime) -> None:
    """Gives a front-desk conversation to somebody there. Raises NotTheirs, IsClosed or ChangedMeanwhile."""
    actions.assign(thread=thread, to=to, seen=seen, by=by, now=now)


@transaction.atomic
def settle(*, thread: Thread, seen: str, by: Actor, now: datetime) -> None:
    """Says that it needs no answer. Raises ChangedMeanwhile."""
    actions.settle(thread=thread, seen=seen, by=by, now=now)
    _look_again(thread, outcome="settled", by=by, now=now)


@transaction.atomic
def close(*, thread: Thread, seen: str, by: Actor, now: datetime) -> None:
    """Ends it; it can be opened again. Raises ChangedMeanwhile."""
    actions.close(thread=thread, seen=seen, by=by, now=now)
    _look_again(thread, outcome="closed", by=by, now=now)


@transaction.atomic
def reopen(*, thread: Thread, by: Actor, now: datetime) -> None:
    """Opens it again. Raises HasLeft."""
    actions.reopen(thread=thread, by=by, now=now)


@transaction.atomic
def name_patient(*, thread: Thread, patient: Patient, by: Actor, now: datetime) -> None:
    """Says whose texts these are, once. Raises ChangedMeanwhile."""
    actions.name_patient(thread=thread, patient=patient, by=by, now=now)


@transaction.atomic
def leave_to_the_desk(psychologist: Psychologist, *, by: Actor, now: datetime) -> int:
    """What waits for somebody who has left comes to the desk, which can't read it: whom to write to, and since when.

    Returns how many of their patients wait.
    """
    waiting = Thread.objects.filter(psychologist=psychologist).still_open().waiting().select_related("patient")
    count = 0
    for thread in waiting.select_for_update(of=("self",), no_key=True).order_by("pk"):
        # One with a psychologist always has a patient: the database holds it.
        if (patient := thread.patient) is None:
            continue
        for to_do in _waiting(thread):
            steps.close(to_do, outcome="settled", by=by, now=now)
        due_at = noon_or_five(now + A_TEXT, ClinicSettings.current().zone)
        steps.put_on_list(
            MESSAGE_LEFT_BEHIND,
            about=patient,
            dedupe_key=f"{MESSAGE_LEFT_BEHIND.name}:{thread.code}:{thread.last_number}",
            due_at=due_at,
            escalates_at=due_at + A_DAY,
            by=by,
            now=now,
        )
        count += 1
    return count


@transaction.atomic
def take_up_again(psychologist: Psychologist, *, by: Actor, now: datetime) -> None:
    """Whoever works here again answers what still waits for them."""
    for thread in Thread.objects.filter(psychologist=psychologist).still_open().waiting().order_by("pk"):
        key = f"{MESSAGE_LEFT_BEHIND.name}:{thread.code}:{thread.last_number}"
        for to_do in ToDo.objects.still_open().of_kind(MESSAGE_LEFT_BEHIND.name).filter(dedupe_key=key):
            steps.close(to_do, outcome="settled", by=by, now=now)
        _raise(thread, by=by, now=now, again=f":{now:%Y%m%dT%H%M}")


def _follow(message: Message, *, by: Actor, now: datetime) -> Thread:
    thread = message.thread
    if message.side == Side.CLINIC:
        _look_again(thread, outcome="answered", by=by, now=now)
        if not thread.by_text or texting_back.send(message) is None:
            _tell(message, now=now)
    else:
        _raise(thread, by=by, now=now)
    return thread


def _raise(thread: Thread, *, by: Actor, now: datetime, again: str = "") -> None:
    """One thing to do for all that waits for an answer, due when the clinic has promised one.

    With `again` it is another one than stood on the list before.
    """
    if thread.waiting_since is None or _waiting(thread):
        return
    clinic = ClinicSettings.current()
    # "I'm running late" is not for the day after tomorrow.
    if thread.by_text:
        due_at = noon_or_five(thread.waiting_since + A_TEXT, clinic.zone)
    else:
        due_at = answered_by(thread.waiting_since, clinic=clinic)
    kind = MESSAGE_WAITS if thread.psychologist is None else MESSAGE_FOR_ONE
    steps.put_on_list(
        kind,
        about=thread,
        dedupe_key=f"{kind.name}:{thread.code}:{thread.last_number}{again}",
        person="" if thread.psychologist is None else str(thread.psychologist.user_id),
        due_at=due_at,
        escalates_at=due_at + A_DAY,
        by=by,
        now=now,
    )


def _look_again(thread: Thread, *, outcome: str, by: Actor, now: datetime) -> None:
    """Closes what waited for an answer; what came while it was written waits on, as new work."""
    for to_do in _waiting(thread):
        steps.close(to_do, outcome=outcome, by=by, now=now)
    if outcome == "answered":
        _raise(thread, by=by, now=now)


def _waiting(thread: Thread) -> list[ToDo]:
    kinds = (kind.name for kind in OF_MESSAGES)
    return list(ToDo.objects.still_open().of_kind(*kinds).about(thread).order_by("pk"))


def _tell(message: Message, *, now: datetime) -> None:
    """Word that a message is there, and nothing of what it says; no second one until they have read the first."""
    thread = message.thread
    patient = thread.patient
    if patient is None:
        return
    users = correspondents.readers_of(patient, today=ClinicSettings.current().today(now))
    marks = dict(ReadMark.objects.filter(thread=thread, user__in=users).values_list("user", "upto"))
    unread = thread.messages.filter(side=Side.CLINIC).order_by("number").values_list("number", flat=True)
    # By the ways that are open, in safe hours; where the clinic may write nothing, they see it by themselves.
    readers = readers_of(patient)
    for user in users if readers else ():
        reader = readers[0] if user.pk == patient.user_id else by_account(user, patient=patient)
        first = unread.filter(number__gt=marks.get(user.pk, 0)).first()
        with override(reader.language):
            path = reverse("patient:thread", args=[thread.code])
        outbox.queue(
            template="message_waiting",
            to=reader.to("message_waiting"),
            context={"called": reader.called, "whose": reader.about, "path": path},
            # Named after the first that they have not read: of all that follow, one notice.
            dedupe_key=f"message:{thread.code}:{first}:{reader.digest}",
            language=reader.language,
            about=thread,
            hours=readers[0].hours(zone=ClinicSettings.current().zone),
        )
