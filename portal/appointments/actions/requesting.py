"""Answering what somebody asked for: it is confirmed, declined, taken back, or ends by itself."""

from __future__ import annotations

from datetime import datetime

from portal.appointments import states
from portal.appointments.actions import rules
from portal.appointments.actions.locking import clear_holds, lock_appointment, lock_diary
from portal.appointments.actions.transactions import in_transaction
from portal.appointments.answers import ANSWERS, DeclineReason
from portal.appointments.freed import Place, time_freed
from portal.appointments.models import Appointment
from portal.appointments.refusals import WrongState
from portal.appointments.states import Verb, Why
from portal.audit import trail
from portal.clinic.kept import places, services
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor

LINES = {
    Verb.DECLINE: "appointment.declined",
    Verb.WITHDRAW: "appointment.request_withdrawn",
    Verb.LAPSE: "appointment.request_lapsed",
}


@in_transaction
def approve(*, appointment: Appointment, by: Actor, now: datetime, seen: str | None = None) -> Appointment:
    """Makes a request the patient's booking, with the terms that were promised with it.

    Its time is looked at again under the locks: the psychologist, the patient and a room are free, and the psychologist
    works then and still gives the service. Raises WrongState, SlotTaken, PatientBusy or NotOffered.
    """
    place = places()[appointment.location_id]
    service = services()[appointment.service_id]
    needs_room = appointment.room_id is not None or service.takes_room(appointment.mode)
    locked = lock_diary(
        appointment.psychologist_id, patient=appointment.patient_id, rooms_of=place if needs_room else None
    )
    session = _locked(appointment, Verb.APPROVE, by=by, now=now, seen=seen)
    if session.psychologist_id not in locked or session.location_id != place.pk:
        raise WrongState(Why.CHANGED)
    psychologist = locked[session.psychologist_id]
    slot = rules.Slot(session.starts_at, session.ends_at, session.occupied_from, session.occupied_until)
    standing = rules.Standing.at(
        slot, psychologist=psychologist.pk, rooms=rules.rooms_for(service, session.mode, place), now=now, ignore=session
    )
    standing.check_free()
    rules.check_service(psychologist, service, session.mode, place, by=by)
    clear_holds(standing.run_out, by=by, now=now)
    rules.check_offered(
        psychologist, service, slot, place, session.mode, by=by, now=now, clinic=ClinicSettings.current()
    )
    rules.check_patient_is_free(session.patient_id, slot, now=now, ignore=session)
    session.room_id = rules.choose_room(service, session.mode, place, standing, preferred=session.room_id)
    session.status, session.answer_by = states.leads_to(session, Verb.APPROVE), None
    session.booked_at, session.booked_by = now, by.user
    session.revision += 1
    session.save(update_fields=["room", "status", "answer_by", "booked_at", "booked_by", "revision"])
    _record("appointment.approved", session, by=by, now=now)
    return session


@in_transaction
def decline(
    *, appointment: Appointment, reason: DeclineReason | str, by: Actor, now: datetime, seen: str | None = None
) -> Appointment:
    """Says no to a request, in words that its patient reads. Raises WrongState, also without such a reason."""
    if reason not in ANSWERS:
        raise WrongState(Why.NO_REASON)
    return _end(appointment, Verb.DECLINE, DeclineReason(reason), by=by, now=now, seen=seen)


@in_transaction
def withdraw(*, appointment: Appointment, by: Actor, now: datetime, seen: str | None = None) -> Appointment:
    """The patient asks no more; it costs nothing, whenever it is. Raises WrongState."""
    return _end(appointment, Verb.WITHDRAW, DeclineReason.WITHDRAWN, by=by, now=now, seen=seen)


@in_transaction
def lapse(*, appointment: Appointment, by: Actor, now: datetime) -> Appointment:
    """Ends a request that nobody answered in time. Raises WrongState for one that was answered, or is not due."""
    return _end(appointment, Verb.LAPSE, DeclineReason.UNANSWERED, by=by, now=now)


# ---- What they share ------------------------------------------------------------------------------------------------


def _locked(appointment: Appointment, verb: Verb, *, by: Actor, now: datetime, seen: str | None) -> Appointment:
    session = lock_appointment(appointment)
    if session is None:
        raise WrongState(Why.STATE)
    if seen is not None and seen != states.as_seen(session):
        raise WrongState(Why.CHANGED)
    if why := states.why_not(session, verb, by=by, now=now):
        raise WrongState(why)
    return session


def _end(
    appointment: Appointment, verb: Verb, reason: DeclineReason, *, by: Actor, now: datetime, seen: str | None = None
) -> Appointment:
    session = _locked(appointment, verb, by=by, now=now, seen=seen)
    session.status, session.answer_by = states.leads_to(session, verb), None
    session.declined_at, session.declined_by, session.decline_reason = now, by.user, reason
    session.revision += 1
    session.save(update_fields=["status", "answer_by", "declined_at", "declined_by", "decline_reason", "revision"])
    facts = {"reason": str(reason)} if verb == Verb.DECLINE else {}
    _record(LINES[verb], session, by=by, now=now, **facts)
    if because := states.MOVES[verb].frees:
        time_freed(because, place=Place.of(session), session=session, by=by, now=now)
    return session


def _record(line: str, session: Appointment, *, by: Actor, now: datetime, **facts: str) -> None:
    trail.record(
        line,
        target=session,
        by=by,
        at=now,
        patient=session.patient_id,
        psychologist=session.psychologist_id,
        **facts,
    )
