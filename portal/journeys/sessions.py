"""What may be done with sessions, asked with all that bills and records know of them; and taking steps back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from portal.appointments import actions, states
from portal.appointments.models import Appointment
from portal.appointments.states import Known, Steps
from portal.billing import actions as billing
from portal.billing.models import BILLS_A_SESSION, Invoice
from portal.common.access.actors import Actor
from portal.journeys import to_do
from portal.records.models import ProgressNote


def steps(session: Appointment, *, by: Actor, now: datetime) -> Steps:
    """What may be done with one session now, and why not the rest. Needs its location."""
    return states.steps(session, by=by, now=now, known=known(session))


def steps_of(
    sessions: Sequence[Appointment], *, by: Actor, now: datetime, invoiced: Collection[int] | None = None
) -> dict[int, Steps]:
    """The same for many, by id, in at most two queries; `invoiced` are the ids that a live invoice bills, if known."""
    if invoiced is None:
        invoiced = _invoiced(sessions)
    # A note is signed once the session has begun, not before.
    signed = _with_signed_note([session for session in sessions if session.starts_at <= now])
    return {
        session.pk: states.steps(session, by=by, now=now, known=Known(session.pk in invoiced, session.pk in signed))
        for session in sessions
    }


def known(session: Appointment) -> Known:
    """What the floors above the diary know of a session. Actions ask it while they hold its row."""
    return Known(invoiced=session.pk in _invoiced([session]), note_signed=session.pk in _with_signed_note([session]))


def _invoiced(sessions: Sequence[Appointment]) -> set[int]:
    billed = Invoice.objects.live().filter(
        appointment__in=[session.pk for session in sessions], purpose__in=BILLS_A_SESSION
    )
    return set(billed.order_by().values_list("appointment", flat=True))


def _with_signed_note(sessions: Sequence[Appointment]) -> set[int]:
    """Asked only of what a note could keep from being called off, or from being said not to be held.

    Nobody reads a word of it.
    """
    standing = [session.pk for session in sessions if session.is_open or session.is_completed]
    if not standing:
        return set()
    signed = ProgressNote.objects.signed().filter(appointment__in=standing)
    return set(signed.order_by().values_list("appointment", flat=True))


# ---- One step, with what is known of it ----------------------------------------------------------------------------


@actions.in_transaction
def complete(*, appointment: Appointment, by: Actor, now: datetime, seen: str | None = None) -> Appointment:
    """The session was held. Raises WrongState."""
    session = actions.complete(appointment=appointment, by=by, now=now, seen=seen)
    to_do.sessions.look_again([session], by=by, now=now)
    return session


def mark_no_show(*, appointment: Appointment, by: Actor, now: datetime, seen: str | None = None) -> Appointment:
    """Nobody came. Raises WrongState."""
    return actions.mark_no_show(appointment=appointment, known=known, by=by, now=now, seen=seen)


@actions.in_transaction
def undo_no_show(
    *, appointment: Appointment, reason: str, by: Actor, now: datetime, seen: str | None = None
) -> Appointment:
    """Books a missed session again. Raises WrongState, SlotTaken or PatientBusy."""
    session = actions.undo_no_show(appointment=appointment, reason=reason, known=known, by=by, now=now, seen=seen)
    billing.take_back_waiver(appointment=session, by=by, now=now)
    to_do.sessions.look_again([session], by=by, now=now)
    return session


@actions.in_transaction
def reopen(*, appointment: Appointment, reason: str, by: Actor, now: datetime, seen: str | None = None) -> Appointment:
    """Takes back that a session was held, while nothing live bills it. Raises WrongState, SlotTaken or PatientBusy."""
    session = actions.reopen(appointment=appointment, reason=reason, known=known, by=by, now=now, seen=seen)
    to_do.sessions.look_again([session], by=by, now=now)
    return session
