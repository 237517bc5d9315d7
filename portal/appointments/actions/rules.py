"""What may be booked, by whom and when. Each rule raises its refusal; all are asked under the locks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from portal.accounts.roles import STAFF
from portal.appointments.diary import Dated, booking_times, free_rooms
from portal.appointments.hours import weekly_hours
from portal.appointments.models import Appointment
from portal.appointments.openings import openings
from portal.appointments.refusals import NotOffered, PatientBusy, SlotTaken, TooManyBookings
from portal.clinic.kept import is_named, places, rooms, services
from portal.clinic.models import ClinicSettings, Location, Mode, Psychologist, Room, Service
from portal.common.access.actors import Actor
from portal.patients.models import Patient

# Nobody plans or records further than this from now; arithmetic on times stays inside the calendar.
FURTHEST = timedelta(days=5 * 366)


class Slot(NamedTuple):
    """A session's time and the time kept free around it."""

    starts_at: datetime
    ends_at: datetime
    occupied_from: datetime
    occupied_until: datetime


def slot_of(service: Service, starts_at: datetime) -> Slot:
    """The time that a service takes from `starts_at`, with its breaks before and after."""
    ends_at = starts_at + timedelta(minutes=service.minutes)
    return Slot(
        starts_at,
        ends_at,
        starts_at - timedelta(minutes=service.buffer_before),
        ends_at + timedelta(minutes=service.buffer_after),
    )


def moved(appointment: Appointment, starts_at: datetime) -> Slot:
    """The same session at another time: as long as it was agreed, whatever the service has become since."""
    by = starts_at - appointment.starts_at
    return Slot(starts_at, appointment.ends_at + by, appointment.occupied_from + by, appointment.occupied_until + by)


def is_staff(by: Actor) -> bool:
    """Whether somebody acts as staff, to whom some rules of online booking do not apply."""
    return by.role in STAFF


def check_time(starts_at: datetime, *, now: datetime) -> None:
    """A whole minute, and not in another age."""
    if starts_at.tzinfo is None:
        raise ValueError("times must be aware")
    if starts_at.second or starts_at.microsecond or abs(starts_at - now) > FURTHEST:
        raise NotOffered("time")


def check_service(
    psychologist: Psychologist,
    service: Service,
    mode: Mode | str,
    location: Location,
    *,
    by: Actor,
    is_agreed: bool = False,
) -> None:
    """Raises NotOffered; a way of meeting that `is_agreed` with this psychologist already is not asked about again.

    The service and the location count as they are now, not as the page read them.
    """
    service, location = services().get(service.pk, service), places().get(location.pk, location)
    if not psychologist.is_active:
        raise NotOffered("psychologist")
    if not service.is_active or (not is_staff(by) and not service.online):
        raise NotOffered("service")
    if not is_named(psychologist.pk, service):
        raise NotOffered("service")
    if not is_agreed:
        check_mode(psychologist, service, mode)
    if not location.is_active:
        raise NotOffered("location")


def check_mode(psychologist: Psychologist, service: Service, mode: Mode | str) -> None:
    """Raises NotOffered where the psychologist does not give the service in this way."""
    if mode not in psychologist.modes_for(service):
        raise NotOffered("mode")


def check_free(psychologist: Psychologist, slot: Slot, *, now: datetime, ignore: Appointment | None = None) -> None:
    """Asked first of all: whoever lost the race hears it after two queries, and the next in the queue goes on."""
    standing = Appointment.objects.filter(psychologist=psychologist).taking_time(now=now)
    if ignore is not None:
        standing = standing.exclude(pk=ignore.pk)
    if standing.occupying(slot.occupied_from, slot.occupied_until).exists():
        raise SlotTaken("psychologist")


def check_offered(
    psychologist: Psychologist,
    slot: Slot,
    location: Location,
    *,
    by: Actor,
    now: datetime,
    clinic: ClinicSettings,
) -> None:
    """Raises NotOffered unless the psychologist works there then, and the rules of booking let it be taken.

    The same function that draws the page decides here, so what was shown can be booked and nothing else can.
    """
    earliest, latest = booking_times(clinic, now=now, for_staff=is_staff(by))
    if not earliest <= slot.starts_at <= latest:
        raise NotOffered("time")
    day = location.day_of(slot.starts_at)
    near = {"start": slot.starts_at - timedelta(days=2), "end": slot.ends_at + timedelta(days=2)}
    dated = Dated([psychologist], **near)
    offered = openings(
        hours=weekly_hours().get(psychologist.pk, ()),
        extra=dated.extra[psychologist.pk],
        blocked=dated.blocked[psychologist.pk],
        minutes=int((slot.ends_at - slot.starts_at).total_seconds()) // 60,
        step_minutes=clinic.slot_step_minutes,
        earliest=slot.starts_at,
        latest=slot.starts_at,
        first_day=day,
        last_day=day,
    )
    if not any(o.starts_at == slot.starts_at and o.location_id == location.pk for o in offered):
        raise NotOffered("time")


def check_patient(
    patient: Patient,
    psychologist: Psychologist,
    service: Service,
    slot: Slot,
    *,
    by: Actor,
    now: datetime,
    clinic: ClinicSettings,
) -> None:
    """Raises PatientBusy for anybody, and the rules of booking online for whoever is not staff.

    A first visit is for people without an earlier session; books that are closed stay open to one's own patients.
    """
    check_patient_is_free(patient.pk, slot, now=now)
    if is_staff(by):
        return
    own = patient.appointments.all()
    if own.upcoming(now=now).count() >= clinic.max_open_bookings:
        raise TooManyBookings
    earlier = own.with_a_person()
    if service.first_visit_only and earlier.exists():
        raise NotOffered("first_visit_only")
    if not psychologist.accepting_patients and not earlier.filter(psychologist=psychologist).exists():
        raise NotOffered("psychologist")


def check_patient_is_free(patient: int | None, slot: Slot, *, now: datetime, ignore: Appointment | None = None) -> None:
    """Raises PatientBusy where they have, or had, another session at that time: one that was held counts too."""
    if patient is None:
        return
    own = Appointment.objects.filter(patient=patient).taking_time(now=now).between(slot.starts_at, slot.ends_at)
    if ignore is not None:
        own = own.exclude(pk=ignore.pk)
    if own.exists():
        raise PatientBusy("patient")


def check_room_is_free(room: int | None, slot: Slot, *, now: datetime, ignore: Appointment) -> None:
    """Raises SlotTaken where another session has the room in this time, its breaks included."""
    if room is None:
        return
    there = Appointment.objects.filter(room=room).exclude(pk=ignore.pk).taking_time(now=now)
    if there.occupying(slot.occupied_from, slot.occupied_until).exists():
        raise SlotTaken("room")


def choose_room(
    mode: Mode | str,
    location: Location,
    slot: Slot,
    *,
    now: datetime,
    wanted: Room | int | None = None,
    preferred: int | None = None,
    ignore: Appointment | None = None,
) -> int | None:
    """The id of a free room for the session; None if it needs none, or the location has no rooms on file.

    `wanted` must be free, `preferred` comes first if it is. Raises SlotTaken if no room is free, NotOffered for a room
    elsewhere or out of use.
    """
    if wanted is None and mode != Mode.IN_PERSON:
        return None
    free = free_rooms(location, start=slot.occupied_from, end=slot.occupied_until, now=now, ignore=ignore)
    if wanted is not None:
        pk = wanted if isinstance(wanted, int) else wanted.pk
        if pk not in rooms().get(location.pk, ()):
            raise NotOffered("room")
        if pk not in free:
            raise SlotTaken("room")
        return pk
    if not free and rooms().get(location.pk):
        raise SlotTaken("room")
    return preferred if preferred in free else next(iter(free), None)
