"""Holding a time while somebody says who they are, and turning it into a booking."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from datetime import datetime

from django.db import connection, transaction

from portal.appointments import diary, states
from portal.appointments.actions import rules, waiting
from portal.appointments.actions.locking import (
    clear_holds,
    lock_appointment,
    lock_diary,
)
from portal.appointments.actions.transactions import in_transaction
from portal.appointments.freed import Place, time_freed
from portal.appointments.models import Appointment
from portal.appointments.refusals import HoldExpired, NotOffered, Refusal, SlotTaken
from portal.appointments.states import Because, Status, Verb, Why
from portal.appointments.terms import promised_now
from portal.audit import trail
from portal.clinic.booking_rules import rules_of
from portal.clinic.kept import places, services
from portal.clinic.models import ClinicSettings, Location, Mode, Psychologist, Service
from portal.common.access.actors import Actor
from portal.patients.models import Patient


@in_transaction
def hold(
    *,
    psychologist: Psychologist,
    service: Service,
    mode: Mode | str,
    starts_at: datetime,
    location: Location,
    by: Actor,
    now: datetime,
    instead_of: Appointment | None = None,
    until: datetime | None = None,
) -> Appointment:
    """Keeps a time for as long as its service says, or `until` a moment, or raises SlotTaken or NotOffered.

    `instead_of` is a held time that is given back for it; where the new one can't be had, the old one stays. It leaves
    no line in the trail: a hold is nobody's yet, and gone in minutes.
    """
    rules.check_time(starts_at, now=now)
    slot = rules.slot_of(service, starts_at)
    rooms_of = location if rules.takes_room(service, mode) else None
    # Before the held row, in the one order: giving it back as an action of its own would lock the row first.
    others = () if instead_of is None else (instead_of.psychologist_id,)
    locked = lock_diary(psychologist, *others, rooms_of=rooms_of)[psychologist.pk]
    standing = rules.Standing.at(
        slot, psychologist=locked.pk, rooms=rules.rooms_for(service, mode, location), now=now, ignore=instead_of
    )
    standing.check_free()
    rules.check_service(locked, service, mode, location, by=by)
    clinic = ClinicSettings.current()
    clear_holds(standing.run_out, by=by, now=now)
    rules.check_offered(locked, service, slot, location, mode, by=by, now=now, clinic=clinic)
    room = rules.choose_room(service, mode, location, standing)
    keeps_for = rules_of(services()[service.pk], clinic=clinic).hold
    if instead_of is not None:
        release_hold(hold=instead_of, by=by, now=now)
    return Appointment.objects.create(
        psychologist=psychologist,
        service=service,
        location=location,
        room_id=room,
        mode=mode,
        status=Status.HELD,
        held_until=until or now + keeps_for,
        fee=locked.fee_for(service),
        # What is kept until a moment is offered to somebody, who books it by saying yes.
        **promised_now(service, clinic=clinic, may_be_asked=until is None),
        **slot._asdict(),
    )


def hold_any(
    *,
    psychologists: Iterable[Psychologist],
    service: Service,
    mode: Mode | str,
    starts_at: datetime,
    location: Location,
    by: Actor,
    now: datetime,
    instead_of: Appointment | None = None,
) -> Appointment:
    """Holds the time with whoever of `psychologists` is free, in the order of `diary.for_anybody`, or raises SlotTaken.

    Each try is a transaction of its own, or a savepoint of the caller's: what was lost is unlocked before the next.
    """
    rules.check_time(starts_at, now=now)
    free = diary.openings_of(
        psychologists := list(psychologists),
        service=service,
        first_day=location.day_of(starts_at),
        days=1,
        now=now,
        clinic=ClinicSettings.current(),
        mode=mode,
        ignore=instead_of,
        for_staff=rules.is_staff(by),
    )
    able = [
        p for p in psychologists if any((o.starts_at, o.location_id) == (starts_at, location.pk) for o in free[p.pk])
    ]
    for psychologist in diary.for_anybody(able, service=service, around=starts_at):
        try:
            with transaction.atomic() if connection.in_atomic_block else nullcontext():
                return hold(
                    psychologist=psychologist,
                    service=service,
                    mode=mode,
                    starts_at=starts_at,
                    location=location,
                    by=by,
                    now=now,
                    instead_of=instead_of,
                )
        except (SlotTaken, NotOffered):
            continue
    raise SlotTaken("psychologist")


@in_transaction
def release_hold(*, hold: Appointment, by: Actor, now: datetime) -> bool:
    """Gives a held time back; one that is gone, or booked by now, is left alone, and False is answered."""
    held = lock_appointment(hold)
    if held is None or states.why_not(held, Verb.RELEASE, by=by, now=now):
        return False
    because = Because.RELEASED if held.is_held(now=now) else Because.RAN_OUT
    Appointment.objects.filter(pk=held.pk).delete()
    time_freed(because, place=Place.of(held), session=held, by=by, now=now)
    return True


@in_transaction
def confirm_hold(
    *, hold: Appointment, patient: Patient, by: Actor, now: datetime, is_offered: bool = False
) -> Appointment:
    """Makes the held time the patient's booking, or their request where its service is booked so.

    What the clinic offered to them (`is_offered`) is booked at once: there is nobody to ask. A second call returns the
    same one and changes nothing. What is offered may have changed while it was held. Raises HoldExpired, PatientBusy,
    TooManyBookings, or NotOffered for all but its time.
    """
    psychologist = lock_diary(hold.psychologist_id, patient=patient)[hold.psychologist_id]
    held = lock_appointment(hold)
    if held is None:
        raise HoldExpired
    if why := states.why_not(held, Verb.CONFIRM, by=by, now=now):
        if (
            why == Why.STATE
            and held.patient_id == patient.pk
            and held.status in (*states.WITH_A_PERSON, Status.REQUESTED)
        ):
            return held
        raise HoldExpired(why)
    held.service = services()[held.service_id]
    rules.check_service(psychologist, held.service, held.mode, places()[held.location_id], by=by)
    slot = rules.Slot(held.starts_at, held.ends_at, held.occupied_from, held.occupied_until)
    clinic = ClinicSettings.current()
    rules.check_patient(patient, psychologist, held.service, slot, by=by, now=now, clinic=clinic)
    in_force = rules_of(held.service, clinic=clinic)
    if in_force.is_on_request and not (is_offered or rules.is_staff(by)):
        return _request(held, patient=patient, answer_by=in_force.answer_by(held.starts_at, now=now), by=by, now=now)
    held.patient, held.status, held.held_until = patient, Status.BOOKED, None
    held.booked_at, held.booked_by = now, by.user
    held.save(update_fields=["patient", "status", "held_until", "booked_at", "booked_by"])
    record_booked(held, by=by, now=now)
    return held


def _request(held: Appointment, *, patient: Patient, answer_by: datetime, by: Actor, now: datetime) -> Appointment:
    """The time stays kept for the patient until the clinic answers."""
    held.patient, held.status, held.held_until = patient, Status.REQUESTED, None
    held.requested_at, held.answer_by = now, answer_by
    held.save(update_fields=["patient", "status", "held_until", "requested_at", "answer_by"])
    trail.record(
        "appointment.requested",
        target=held,
        by=by,
        at=now,
        patient=held.patient_id,
        psychologist=held.psychologist_id,
        service=held.service_id,
        starts_at=held.starts_at,
        answer_by=answer_by,
    )
    return held


def refusal_of(*, hold: Appointment, patient: Patient, by: Actor, now: datetime) -> Refusal | None:
    """Why a held time can't be booked for this patient, asked before they type anything; None where it can be.

    Without locks: `confirm_hold` asks again.
    """
    slot = rules.Slot(hold.starts_at, hold.ends_at, hold.occupied_from, hold.occupied_until)
    try:
        rules.check_patient(
            patient, hold.psychologist, hold.service, slot, by=by, now=now, clinic=ClinicSettings.current()
        )
    except Refusal as refusal:
        return refusal
    return None


def record_booked(appointment: Appointment, *, by: Actor, now: datetime, **facts: bool) -> None:
    """Writes into the trail that a session was booked; `facts` are what was unusual, such as outside hours.

    Who waited for such a session waits no longer.
    """
    trail.record(
        "appointment.booked",
        target=appointment,
        by=by,
        at=now,
        patient=appointment.patient_id,
        psychologist=appointment.psychologist_id,
        service=appointment.service_id,
        location=appointment.location_id,
        starts_at=appointment.starts_at,
        **facts,
    )
    waiting.end_with_booking(appointment, by=by, now=now)
