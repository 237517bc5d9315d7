"""The day itself: who came, what was held, who didn't come; and taking back what was pressed by mistake."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from portal.appointments import states
from portal.appointments.actions import rules
from portal.appointments.actions.locking import (
    clear_holds,
    lock_appointment,
    lock_diary,
)
from portal.appointments.actions.transactions import in_transaction
from portal.appointments.freed import Place, time_freed
from portal.appointments.models import Appointment
from portal.appointments.refusals import SlotTaken, WrongState
from portal.appointments.states import AskAbove, UndoReason, Verb, Why, nothing_known
from portal.audit import trail
from portal.audit.models import Entry
from portal.common.access.actors import Actor

# How the trail names each step, and what else it says of where a session stands.
LINES: Final = {
    Verb.CHECK_IN: "appointment.arrived",
    Verb.UNDO_CHECK_IN: "appointment.arrival_undone",
    Verb.COMPLETE: "appointment.completed",
    Verb.REOPEN: "appointment.reopened",
    Verb.NO_SHOW: "appointment.no_show",
    Verb.UNDO_NO_SHOW: "appointment.no_show_undone",
    Verb.CANCEL: "appointment.cancelled",
}


def is_done_by(appointment: Appointment, verb: Verb, *, by: Actor) -> bool:
    """Whether this step is the last that was taken with the session, and this person took it: they pressed twice.

    What a page knew of a session can be true of it again, once a step was taken back; so the trail says what came
    last, and no key that is kept beside it.
    """
    last = Entry.objects.about(appointment).filter(verb__in=LINES.values()).newest_first().first()
    return last is not None and by.user_id is not None and (last.verb, last.actor_id) == (LINES[verb], str(by.user_id))


@in_transaction
def check_in(*, appointment: Appointment, by: Actor, now: datetime, seen: str | None = None) -> Appointment:
    """The patient is in the waiting room, or in the call.

    Raises WrongState unless the session is booked and this is its own day, where it takes place. `seen` is what the
    page that asked knew of the session (`states.as_seen`), here and below; an old page is refused.
    """
    session = _locked(appointment, Verb.CHECK_IN, by=by, now=now, seen=seen)
    return _step(session, Verb.CHECK_IN, by=by, now=now, arrived_at=now)


@in_transaction
def undo_check_in(
    *, appointment: Appointment, reason: UndoReason | str, by: Actor, now: datetime, seen: str | None = None
) -> Appointment:
    """It was somebody else. Raises WrongState unless the patient is checked in, and without a reason that fits."""
    session = _locked(appointment, Verb.UNDO_CHECK_IN, by=by, now=now, seen=seen)
    said = _said(reason, Verb.UNDO_CHECK_IN)
    return _step(session, Verb.UNDO_CHECK_IN, by=by, now=now, reason=said, arrived_at=None)


@in_transaction
def complete(*, appointment: Appointment, by: Actor, now: datetime, seen: str | None = None) -> Appointment:
    """The session was held. Raises WrongState before its start, or unless it was booked or the patient had arrived."""
    session = _locked(appointment, Verb.COMPLETE, by=by, now=now, seen=seen)
    return _step(session, Verb.COMPLETE, by=by, now=now, completed_at=now)


@in_transaction
def reopen(
    *,
    appointment: Appointment,
    reason: UndoReason | str,
    known: AskAbove,
    by: Actor,
    now: datetime,
    seen: str | None = None,
) -> Appointment:
    """Takes a completion back: the patient is here again if they were checked in, else the session is booked.

    Raises WrongState while a live invoice bills it or its psychologist signed a note (`known` is asked under lock) or
    without a reason, SlotTaken or PatientBusy if something else stands there by now.
    """
    _lock_diary(appointment)
    session = _locked(appointment, Verb.REOPEN, by=by, now=now, seen=seen, known=known)
    said = _said(reason, Verb.REOPEN)
    _check_still_free(session, by=by, now=now)
    return _step(session, Verb.REOPEN, by=by, now=now, reason=said, completed_at=None)


@in_transaction
def mark_no_show(
    *,
    appointment: Appointment,
    by: Actor,
    now: datetime,
    known: AskAbove = nothing_known,
    seen: str | None = None,
) -> Appointment:
    """Nobody came. Raises WrongState before the session's start, or unless it is booked."""
    session = _locked(appointment, Verb.NO_SHOW, by=by, now=now, seen=seen, known=known)
    return _step(session, Verb.NO_SHOW, by=by, now=now)


@in_transaction
def undo_no_show(
    *,
    appointment: Appointment,
    reason: UndoReason | str,
    known: AskAbove,
    by: Actor,
    now: datetime,
    seen: str | None = None,
) -> Appointment:
    """They came after all, or it was another session: it is booked again.

    Raises WrongState while a live invoice bills the no-show (`known`, as in `reopen`) or without a reason, SlotTaken
    or PatientBusy if the time was given to somebody else.
    """
    _lock_diary(appointment)
    session = _locked(appointment, Verb.UNDO_NO_SHOW, by=by, now=now, seen=seen, known=known)
    said = _said(reason, Verb.UNDO_NO_SHOW)
    _check_still_free(session, by=by, now=now)
    return _step(session, Verb.UNDO_NO_SHOW, by=by, now=now, reason=said)


# ---- What each of them does -----------------------------------------------------------------------------------------


def _locked(
    appointment: Appointment, verb: Verb, *, by: Actor, now: datetime, seen: str | None, known: AskAbove = nothing_known
) -> Appointment:
    """The row as it is now, held until the transaction ends: of two who press at once, one does it."""
    session = lock_appointment(appointment)
    if session is None:
        raise WrongState(Why.STATE)
    if seen is not None and seen != states.as_seen(session):
        raise WrongState(Why.CHANGED)
    if why := states.why_not(session, verb, by=by, now=now, known=known(session)):
        raise WrongState(why)
    return session


def _said(reason: UndoReason | str, verb: Verb) -> UndoReason:
    if reason not in states.MOVES[verb].reasons:
        raise WrongState(Why.NO_REASON)
    return UndoReason(reason)


def _lock_diary(appointment: Appointment) -> None:
    """What comes back fills its time again, so it takes the locks of whoever fills time, in their order."""
    lock_diary(
        appointment.psychologist_id,
        patient=appointment.patient_id,
        rooms_of=None if appointment.room_id is None else appointment.location,
    )


def _check_still_free(session: Appointment, *, by: Actor, now: datetime) -> None:
    slot = rules.Slot(session.starts_at, session.ends_at, session.occupied_from, session.occupied_until)
    rooms = () if session.room_id is None else (session.room_id,)
    standing = rules.Standing.at(slot, psychologist=session.psychologist_id, rooms=rooms, now=now, ignore=session)
    standing.check_free()
    if session.patient_id is not None:
        rules.check_patient_is_free(session.patient_id, slot, now=now, ignore=session)
    if standing.rooms:
        raise SlotTaken("room")
    clear_holds(standing.run_out, by=by, now=now)


def _step(session: Appointment, verb: Verb, *, by: Actor, now: datetime, reason: str = "", **marks: Any) -> Appointment:
    """Writes what the table says, with the times that belong to it, and its line in the trail."""
    session.status = states.leads_to(session, verb)
    for name, value in marks.items():
        setattr(session, name, value)
    session.save(update_fields=["status", *marks])
    facts = {"reason": reason} if reason else {}
    trail.record(
        LINES[verb],
        by=by,
        target=session,
        at=now,
        patient=session.patient_id,
        psychologist=session.psychologist_id,
        **facts,
    )
    if because := states.MOVES[verb].frees:
        time_freed(because, place=Place.of(session), session=session, by=by, now=now)
    return session
