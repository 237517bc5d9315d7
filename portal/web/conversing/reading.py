"""A conversation as its page shows it: its messages in order, who wrote them, and how far the others have read."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.messaging.models import Attachment, Message, ReadMark, Thread
from portal.patients.models import Carer, Patient
from portal.web.conversing.rooms import Room

# The newest of them; the others are asked for.
SHOWN = 50
MOST = 2_000


@dataclass(frozen=True, slots=True)
class Line:
    """One message: who wrote it, whether it is of one's own side, and what came with it."""

    message: Message
    author: str
    is_ours: bool
    attachment: Attachment | None
    # Whether it is the last that the others have read.
    is_last_read: bool


def lines_of(thread: Thread, *, room: Room, user: User, every: bool, read_to: int) -> tuple[list[Line], int]:
    """The newest messages, or all of them, with how many are left out. Two queries at most."""
    rows = Message.objects.filter(thread=thread).select_related("author", "attachment").order_by("-number")
    messages = list(rows[: MOST if every else SHOWN])[::-1]
    left_out = thread.last_number - len(messages)
    ours = [one.number for one in messages if one.is_from_clinic == room.is_staff and one.number <= read_to]
    last_read = max(ours, default=0)
    return [
        Line(
            message,
            author_of(message, thread, room=room, user=user),
            message.is_from_clinic == room.is_staff,
            getattr(message, "attachment", None),
            message.number == last_read,
        )
        for message in messages
    ], left_out


def author_of(message: Message, thread: Thread, *, room: Room, user: User) -> str:
    """Who wrote it, as the reader knows them; the desk speaks to patients in the clinic's name beside its own."""
    if message.author is None:
        return thread.patient.name if thread.patient else thread.phone_shown
    if message.author_id == user.pk:
        return _("You")
    if not message.is_from_clinic and thread.patient is not None and message.author_id == thread.patient.user_id:
        return thread.patient.name
    return message.author.name or _("The clinic")


def read_by_the_others(thread: Thread, patient: Patient | None, *, room: Room) -> int:
    """Up to which message the other side has read. Two queries."""
    theirs = set(Carer.objects.in_force().filter(patient=patient).values_list("user", flat=True)) if patient else set()
    if patient is not None and patient.user_id:
        theirs.add(patient.user_id)
    marks = ReadMark.objects.filter(thread=thread).values_list("user", "upto")
    return max((upto for user, upto in marks if (user in theirs) == room.is_staff), default=0)
