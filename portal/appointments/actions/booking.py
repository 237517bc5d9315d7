"""Booking straight away, moving and cancelling."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from portal.accounts.roles import Role
from portal.appointments import states, terms
from portal.appointments.actions import rules
from portal.appointments.actions.holding import record_booked
from portal.appointments.actions.locking import (
    clear_holds,
    lock_appointment,
    lock_diary,
)
from portal.appointments.actions.transactions import in_transaction
from portal.appointments.freed import Place, time_freed
from portal.appointments.models import Appointment, CancelReason
from portal.appointments.refusals import NotCancellable, NotOffered, NotReschedulable
from portal.appointments.states import AskAbove, Because, Status, Verb, Why, nothing_known
from portal.appointments.terms import promised_now
from portal.audit import trail
from portal.clinic.kept import services
from portal.clinic.models import ClinicSettings, Location, Mode, Psychologist, Room, Service
from portal.common.access.actors import Actor
from portal.common.money import cents
from portal.patients.models import Patient


@in_transaction
def book(
    *,
    psychologist: Psychologist,
    patient: Patient,
    service: Service,
    mode: Mode | str,
    starts_at: datetime,
    location: Location,
    room: Room | None = None,
    fee: Decimal | None = None,
    by: Actor,
    now: datetime,
    outside_hours: bool = False,
) -> Appointment:
    """Books one session, or raises SlotTaken, PatientBusy, NotOffered or TooManyBookings.

    Staff may book inside the notice, beyond the horizon and, with `outside_hours`, at any whole minute; nobody may
    overlap. `fee` is dollars before GST, the psychologist's own unless given.
    """
    rules.check_time(starts_at, now=now)
    slot = rules.slot_of(service, starts_at)
    rooms_of = location if room is not None or rules.takes_room(service, mode) else None
    locked = lock_diary(psychologist, patient=patient, rooms_of=rooms_of)[psychologist.pk]
    standing = rules.Standing.at(
        slot, psychologist=locked.pk, rooms=rules.rooms_for(service, mode, location, wanted=room), now=now
    )
    standing.check_free()
    rules.check_service(locked, service, mode, location, by=by)
    clinic = ClinicSettings.current()
    clear_holds(standing.run_out, by=by, now=now)
    if not (outside_hours and rules.is_staff(by)):
        rules.check_offered(locked, service, slot, location, mode, by=by, now=now, clinic=clinic)
    rules.check_patient(patient, locked, service, slot, by=by, now=now, clinic=clinic)
    appointment = Appointment.objects.create(
        psychologist=psychologist,
        patient=patient,
        service=service,
        location=location,
        room_id=rules.choose_room(service, mode, location, standing, wanted=room),
        mode=mode,
        status=Status.BOOKED,
        fee=locked.fee_for(service) if fee is None else cents(fee),
        booked_at=now,
        booked_by=by.user,
        **promised_now(service, clinic=clinic),
        **slot._asdict(),
    )
    record_booked(appointment, by=by, now=now, outside_hours=outside_hours)
    return appointment


@in_transaction
def reschedule(
    *,
    appointment: Appointment,
    starts_at: datetime,
    psychologist: Psychologist | None = None,
    location: Location | None = None,
    mode: Mode | str | None = None,
    room: int | None = None,
    by: Actor,
    now: datetime,
    outside_hours: bool = False,
    known: AskAbove = nothing_known,
    seen: str | None = None,
    on_offer: bool = False,
    keeps_free_time: bool = False,
    ends_kept_time: bool = False,
    renews_grace: bool = False,
) -> Appointment:
    """Moves a booked session and returns it; it keeps its code, its length and the fee that was promised.

    It may change how it is held too, also at the same time. A move to where it already is changes nothing, so a
    double click is harmless. The room with the id `room`, else its own, is taken if it is free. `on_offer` says that
    the clinic asked for the move: neither the notice of a booking nor the patient's free time to change their plans is
    asked about. `keeps_free_time`: the clinic can't hold it, so that it can be cancelled for nothing as long as before
    and for some hours from now (`terms.keep_free_time`). `ends_kept_time`: that was so once, and this move is
    somebody's wish (`terms.end_kept_time`). `renews_grace`: it is agreed to anew, and its grace is
    counted from now on. Raises NotReschedulable, SlotTaken, PatientBusy or NotOffered.
    """
    rules.check_time(starts_at, now=now)
    place, way, service = location or appointment.location, mode or appointment.mode, services()[appointment.service_id]
    locked = lock_diary(
        appointment.psychologist_id,
        psychologist or appointment.psychologist_id,
        patient=appointment.patient_id,
        rooms_of=place if rules.takes_room(service, way) else None,
    )
    booked = lock_appointment(appointment)
    if (
        booked is None
        or booked.status not in states.MOVES[Verb.MOVE].frm
        # Moved by somebody else meanwhile: what is locked here is not what would be changed.
        or booked.psychologist_id not in locked
        or (location is None and booked.location_id != place.pk)
        or (mode is None and booked.mode != way)
    ):
        raise NotReschedulable(Why.STATE)
    whom = locked[psychologist.pk if psychologist else booked.psychologist_id]
    stays = (booked.starts_at, booked.psychologist_id, booked.location_id) == (starts_at, whom.pk, place.pk)
    if stays and booked.mode == way:
        return booked
    if seen is not None and seen != states.as_seen(booked):
        raise NotReschedulable(Why.CHANGED)
    clinic = ClinicSettings.current()
    why = states.why_not(booked, Verb.MOVE, by=by, now=now, known=known(booked))
    if why and not (on_offer and why == Why.LATE):
        raise NotReschedulable(why)
    if whom.has_left:
        raise NotOffered("psychologist")
    if (whom.pk, place.pk, way) != (booked.psychologist_id, booked.location_id, booked.mode):
        # Who agreed to see them in person still does, whatever they offer to others by now.
        is_agreed = (whom.pk, way) == (booked.psychologist_id, booked.mode)
        rules.check_service(whom, booked.service, way, place, by=by, is_agreed=is_agreed)
    slot = rules.moved(booked, starts_at)
    standing = rules.Standing.at(
        slot, psychologist=whom.pk, rooms=rules.rooms_for(service, way, place), now=now, ignore=booked
    )
    standing.check_free()
    clear_holds(standing.run_out, by=by, now=now)
    # A time that was agreed once, also outside the hours, is not asked about again.
    if not (outside_hours and rules.is_staff(by)):
        if not stays and on_offer:
            rules.check_worked(whom, slot, place, way, now=now, clinic=clinic)
        elif not stays:
            rules.check_offered(whom, booked.service, slot, place, way, by=by, now=now, clinic=clinic)
        elif way != booked.mode:
            rules.check_way_there(whom, slot, place, way, instead_of=booked.mode, clinic=clinic)
    rules.check_patient_is_free(booked.patient_id, slot, now=now, ignore=booked)
    was = Place.of(booked)
    if keeps_free_time:
        terms.keep_free_time(booked, slot.starts_at, clinic=clinic, now=now)
    elif ends_kept_time and not stays:
        terms.end_kept_time(booked, slot.starts_at, clinic=clinic)
    if renews_grace:
        booked.booked_at = now
    booked.room_id = rules.choose_room(service, way, place, standing, preferred=room or booked.room_id)
    booked.psychologist_id, booked.location_id, booked.mode = whom.pk, place.pk, way
    booked.starts_at, booked.ends_at, booked.occupied_from, booked.occupied_until = slot
    booked.revision += 1
    # They said yes to the old time.
    booked.confirmed_at = None
    booked.save(
        update_fields=[
            *("psychologist", "location", "room", "mode", "revision", "confirmed_at"),
            *("cancel_hours", "grace_minutes", "booked_at"),
            *rules.Slot._fields,
        ]
    )
    trail.record(
        "appointment.rescheduled",
        target=booked,
        by=by,
        at=now,
        patient=booked.patient_id,
        psychologist=booked.psychologist_id,
        was=was.starts_at,
        starts_at=booked.starts_at,
        mode=booked.mode,
        outside_hours=outside_hours,
    )
    # Only where it stands counts: the same time by video frees nobody's diary.
    if not stays:
        time_freed(Because.MOVED, place=was, session=booked, by=by, now=now)
    return booked


@in_transaction
def cancel(
    *,
    appointment: Appointment,
    reason: CancelReason | str,
    by: Actor,
    now: datetime,
    known: AskAbove = nothing_known,
    seen: str | None = None,
) -> Appointment:
    """Cancels a session and returns it; one that is cancelled already stays as it is. Raises NotCancellable.

    Patients may cancel until it starts, staff at any time before it is completed. `late` says that the patient called
    off inside the hours that were promised; what the clinic calls off is never late. `seen` is what the page that asked
    knew of the session (`states.as_seen`): an old page is refused.
    """
    booked = lock_appointment(appointment)
    if booked is None:
        raise NotCancellable(Why.STATE)
    if booked.status == Status.CANCELLED:
        return booked
    if seen is not None and seen != states.as_seen(booked):
        raise NotCancellable(Why.CHANGED)
    if why := states.why_not(booked, Verb.CANCEL, by=by, now=now, known=known(booked)):
        raise NotCancellable(why)
    reason = CancelReason(reason)
    by_patient = by.role == Role.PATIENT or reason == CancelReason.PATIENT
    booked.status, booked.cancelled_at, booked.cancelled_by = Status.CANCELLED, now, by.user
    booked.cancel_reason = reason
    booked.late = by_patient and now > terms.free_until(booked)
    booked.revision += 1
    booked.save(update_fields=["status", "cancelled_at", "cancelled_by", "cancel_reason", "late", "revision"])
    trail.record(
        "appointment.cancelled",
        target=booked,
        by=by,
        at=now,
        patient=booked.patient_id,
        psychologist=booked.psychologist_id,
        reason=reason,
        late=booked.late,
    )
    time_freed(Because.CANCELLED, place=Place.of(booked), session=booked, by=by, now=now)
    return booked
