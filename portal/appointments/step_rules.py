"""When a step with a session may be taken: each rule answers why not, or None. `states.MOVES` says who asks which."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from portal.accounts.roles import STAFF
from portal.appointments.terms import free_until
from portal.appointments.vocabulary import Status, Why
from portal.common.access.actors import Actor

if TYPE_CHECKING:
    from portal.appointments.models import Appointment


def own_day(session: Appointment) -> tuple[datetime, datetime]:
    """From the midnight before it starts to the midnight after, where it takes place; to its end if that is later."""
    day = session.local_start.date()
    opens = datetime.combine(day, time(), session.zone)
    closes = datetime.combine(day + timedelta(days=1), time(), session.zone)
    return opens, max(closes, session.ends_at)


@dataclass(frozen=True, slots=True)
class Known:
    """What only the floors above know of a session, and tell with the question."""

    # A live invoice bills it: for the session itself, or for missing it.
    invoiced: bool = False
    # Its psychologist signed a note of it.
    note_signed: bool = False


NOTHING_KNOWN: Final = Known()
# Actions ask it under lock.
AskAbove = Callable[["Appointment"], Known]


def nothing_known(session: Appointment) -> Known:
    """Answers for a caller that asks no app above: nothing is known there of the session."""
    return NOTHING_KNOWN


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: may this person do it now?"""

    session: Appointment
    by: Actor
    now: datetime
    known: Known


Rule = Callable[[Asked], Why | None]


def while_held(asked: Asked) -> Why | None:
    return None if asked.session.is_held(now=asked.now) else Why.RAN_OUT


def before_it_starts(asked: Asked) -> Why | None:
    return Why.STARTED if asked.now >= asked.session.starts_at else None


def while_asked(asked: Asked) -> Why | None:
    """A patient was told until when the answer comes; after that the time may be somebody else's."""
    return Why.RAN_OUT if asked.session.answer_by is not None and asked.now >= asked.session.answer_by else None


def once_unanswered(asked: Asked) -> Why | None:
    return None if asked.session.answer_by is not None and asked.now >= asked.session.answer_by else Why.NOT_DUE


def on_its_own_day(asked: Asked) -> Why | None:
    opens, closes = own_day(asked.session)
    if asked.now < opens:
        return Why.DAY_TO_COME
    return Why.DAY_PAST if asked.now >= closes else None


def not_before_it_starts(asked: Asked) -> Why | None:
    return Why.NOT_STARTED if asked.now < asked.session.starts_at else None


def patients_before_it_starts(asked: Asked) -> Why | None:
    if asked.by.role in STAFF:
        return None
    begun = asked.session.status == Status.ARRIVED or asked.now >= asked.session.starts_at
    return Why.STARTED if begun else None


def patients_in_good_time(asked: Asked) -> Why | None:
    if asked.by.role in STAFF:
        return None
    return Why.LATE if asked.now > free_until(asked.session) else None


def not_invoiced(asked: Asked) -> Why | None:
    return Why.INVOICED if asked.known.invoiced else None


def without_signed_note(asked: Asked) -> Why | None:
    return Why.NOTE_SIGNED if asked.known.note_signed else None
