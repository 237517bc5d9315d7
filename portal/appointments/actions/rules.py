"""What may be booked, by whom and when. Each rule raises its refusal; all are asked under the locks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Q

from portal.accounts.roles import STAFF
from portal.appointments import closed, eligibility
from portal.appointments.diary import Dated, booking_times, closed_days
from portal.appointments.hours import weekly_hours
from portal.appointments.models import Appointment
from portal.appointments.openings import by_way, openings
from portal.appointments.outside.taken import is_busy_elsewhere
from portal.appointments.refusals import NotOffered, PatientBusy, Refusal, SlotTaken
from portal.appointments.states import AHEAD, TAKING_TIME, Status
from portal.clinic.kept import is_named, places, psychologists, rooms, services
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
    """Raises NotOffered; what `is_agreed`, to meet this psychologist in this way, is not asked about again.

    The service and the location count as they are now, not as the page read them.
    """
    service, location = services().get(service.pk, service), places().get(location.pk, location)
    # Who is only off the website keeps the sessions that are theirs, also at another place.
    if psychologist.has_left or not (psychologist.is_active or is_agreed):
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


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands in a slot's time, asked under the locks: whoever lost the race hears it after two queries."""

    # The psychologist has something else.
    is_busy: bool
    # Those of the rooms asked about that are in use, by their ids.
    rooms: frozenset[int]
    # The ids of holds that ran out and would still be in the way.
    run_out: frozenset[int]

    @classmethod
    def at(
        cls,
        slot: Slot,
        *,
        psychologist: int,
        rooms: Collection[int] = (),
        now: datetime,
        ignore: Appointment | None = None,
    ) -> Standing:
        """One query."""
        whose = Q(psychologist=psychologist)
        rows = Appointment.objects.filter(whose | Q(room__in=rooms) if rooms else whose, status__in=TAKING_TIME)
        is_busy, in_use, run_out = False, set(), set()
        columns = ("pk", "psychologist", "room", "status", "held_until")
        there = rows.occupying(slot.occupied_from, slot.occupied_until).order_by()
        for pk, by, room, status, held_until in there.values_list(*columns):
            if ignore is not None and pk == ignore.pk:
                continue
            if status == Status.HELD and held_until is not None and held_until <= now:
                run_out.add(pk)
            else:
                is_busy = is_busy or by == psychologist
                in_use.add(room)
        return cls(is_busy, frozenset(in_use & set(rooms)), frozenset(run_out))

    def check_free(self) -> None:
        """Raises SlotTaken; asked first of all, so that the next in the queue goes on."""
        if self.is_busy:
            raise SlotTaken("psychologist")


def takes_room(service: Service, mode: Mode | str) -> bool:
    """Whether a session of a service, as it is now, takes a room when it is held so."""
    return services().get(service.pk, service).takes_room(mode)


def rooms_for(service: Service, mode: Mode | str, location: Location, *, wanted: Room | None = None) -> tuple[int, ...]:
    """The ids of the rooms that a session held so may need."""
    return rooms().get(location.pk, ()) if wanted is not None or takes_room(service, mode) else ()


def check_offered(
    psychologist: Psychologist,
    service: Service,
    slot: Slot,
    location: Location,
    mode: Mode | str,
    *,
    by: Actor,
    now: datetime,
    clinic: ClinicSettings,
) -> None:
    """Raises NotOffered unless the psychologist meets people in this way there then, and the rules of booking let it be
    taken.

    The same function that draws the page decides here, so what was shown can be booked and nothing else can.
    """
    earliest, latest = booking_times(
        services().get(service.pk, service), clinic=clinic, now=now, for_staff=is_staff(by)
    )
    if not earliest <= slot.starts_at <= latest:
        raise NotOffered("time")
    if not is_worked(psychologist, slot, location, mode, clinic=clinic):
        raise NotOffered("time")
    # Staff are warned as of a time outside the hours, and may book it all the same.
    if is_busy_elsewhere(psychologist.pk, start=slot.starts_at, end=slot.ends_at):
        raise NotOffered("time")


def check_worked(
    psychologist: Psychologist,
    slot: Slot,
    location: Location,
    mode: Mode | str,
    *,
    now: datetime,
    clinic: ClinicSettings,
) -> None:
    """Raises NotOffered unless the psychologist meets people in this way there then, and it is still to come."""
    if slot.starts_at <= now or not is_worked(psychologist, slot, location, mode, clinic=clinic):
        raise NotOffered("time")
    if is_busy_elsewhere(psychologist.pk, start=slot.starts_at, end=slot.ends_at):
        raise NotOffered("time")


def is_worked(
    psychologist: Psychologist, slot: Slot, location: Location, mode: Mode | str, *, clinic: ClinicSettings
) -> bool:
    """Whether a session may stand there by the psychologist's hours for this way of meeting. One query."""
    day = location.day_of(slot.starts_at)
    start, end = slot.starts_at - timedelta(days=2), slot.ends_at + timedelta(days=2)
    dated = Dated([psychologist], start=start, end=end, by_hours_alone=True)
    days_off, shut = closed_days(day, day, start=start, end=end)
    [(hours, _way)] = by_way(weekly_hours().get(psychologist.pk, ()), [mode])
    offered = openings(
        hours=hours,
        extra=dated.extra[psychologist.pk],
        blocked=dated.blocked(psychologist.pk),
        days_off=days_off,
        shut=closed.spans(shut, [mode]),
        minutes=int((slot.ends_at - slot.starts_at).total_seconds()) // 60,
        step_minutes=clinic.slot_step_minutes,
        earliest=slot.starts_at,
        latest=slot.starts_at,
        first_day=day,
        last_day=day,
    )
    return any(o.starts_at == slot.starts_at and o.location_id == location.pk for o in offered)


def check_way_there(
    psychologist: Psychologist,
    slot: Slot,
    location: Location,
    mode: Mode | str,
    *,
    instead_of: Mode | str,
    clinic: ClinicSettings,
) -> None:
    """Raises NotOffered where these hours are for the way in which a session was to be held, and not for the new."""
    there = is_worked(psychologist, slot, location, instead_of, clinic=clinic)
    if there and not is_worked(psychologist, slot, location, mode, clinic=clinic):
        raise NotOffered("mode")


class Coming(NamedTuple):
    """A session of a patient that takes time and is not over."""

    status: str
    service: int
    starts_at: datetime
    ends_at: datetime


class Known(NamedTuple):
    """All that `check_patient` asks of one patient."""

    coming: Sequence[Coming]
    standing: eligibility.Standing

    def without(self, session: Appointment) -> Known:
        """What would be known if this session of theirs were not there."""
        its = (session.service_id, session.starts_at)
        left = [each for each in self.coming if (each.service, each.starts_at) != its]
        first_visits = self.standing.first_visits & {each.service for each in left if each.status in AHEAD}
        return Known(left, self.standing._replace(first_visits=first_visits))


def known_of(patients: Collection[Patient], *, after: datetime, now: datetime) -> dict[int, Known]:
    """The same of many, by their ids, for times after a moment. Two queries."""
    coming = _coming([patient.pk for patient in patients], after=after, now=now)
    standings = eligibility.standings(patients, now=now)
    return {patient.pk: Known(coming[patient.pk], standings[patient.pk]) for patient in patients}


def _coming(patients: Collection[int], *, after: datetime, now: datetime) -> defaultdict[int, list[Coming]]:
    own = Appointment.objects.filter(patient__in=patients).taking_time(now=now)
    found: defaultdict[int, list[Coming]] = defaultdict(list)
    rows = own.filter(ends_at__gt=min(now, after)).order_by().values_list("patient", *Coming._fields)
    for patient, *row in rows:
        found[patient].append(Coming(*row))
    return found


def check_patient(
    patient: Patient,
    psychologist: Psychologist,
    service: Service,
    slot: Slot,
    *,
    by: Actor,
    now: datetime,
    clinic: ClinicSettings,
    known: Known | None = None,
) -> None:
    """Raises PatientBusy for anybody, and the rules of booking online for whoever is not staff.

    `eligibility` says who may book what; books that are closed stay open to one's own patients. What is `known` was
    read for a list: whoever books asks their record as it is now.
    """
    if is_staff(by):
        check_patient_is_free(patient.pk, slot, now=now)
        return
    # One query: what is to come tells both whether they are free and how much they have.
    coming = known.coming if known else _coming([patient.pk], after=slot.starts_at, now=now)[patient.pk]
    if any(each.starts_at < slot.ends_at and each.ends_at > slot.starts_at for each in coming):
        raise PatientBusy("patient")
    ahead = [each.service for each in coming if each.status in AHEAD and each.ends_at > now]
    if refusal := eligibility.why_no_more(ahead, service, clinic=clinic):
        raise refusal
    if psychologist.accepting_patients and not eligibility.is_asked(service, clinic=clinic):
        return
    standing = known.standing if known else eligibility.standings([patient], now=now)[patient.pk]
    if reason := eligibility.why_not(service, standing, clinic=clinic):
        raise NotOffered(reason)
    if not psychologist.accepting_patients and psychologist.pk not in standing.seen:
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


def choose_room(
    service: Service,
    mode: Mode | str,
    location: Location,
    standing: Standing,
    *,
    wanted: Room | int | None = None,
    preferred: int | None = None,
) -> int | None:
    """The id of a free room for the session; None if it needs none, or the location has no rooms on file.

    `wanted` must be free, `preferred` comes first if it is. Raises SlotTaken if no room is free, NotOffered for a room
    elsewhere or out of use.
    """
    if wanted is None and not takes_room(service, mode):
        return None
    there = rooms().get(location.pk, ())
    free = [room for room in there if room not in standing.rooms]
    if wanted is not None:
        pk = wanted if isinstance(wanted, int) else wanted.pk
        if pk not in there:
            raise NotOffered("room")
        if pk not in free:
            raise SlotTaken("room")
        return pk
    if not free and there:
        raise SlotTaken("room")
    return preferred if preferred in free else next(iter(free), None)


def would_fit(
    appointment: Appointment, starts_at: datetime, location: Location, *, now: datetime, clinic: ClinicSettings
) -> bool:
    """Whether a session could be moved there now, with the same psychologist and in the same way. Three queries.

    Nothing is locked: whoever moves it asks again.
    """
    psychologist = psychologists()[appointment.psychologist_id]
    slot, way = moved(appointment, starts_at), appointment.mode
    rooms = rooms_for(appointment.service, way, location)
    standing = Standing.at(slot, psychologist=psychologist.pk, rooms=rooms, now=now, ignore=appointment)
    try:
        check_worked(psychologist, slot, location, way, now=now, clinic=clinic)
        standing.check_free()
        choose_room(appointment.service, way, location, standing)
        check_patient_is_free(appointment.patient_id, slot, now=now, ignore=appointment)
    except Refusal:
        return False
    return location.is_active


def check_move(
    appointment: Appointment,
    starts_at: datetime,
    *,
    psychologist: Psychologist,
    location: Location,
    mode: Mode | str,
    by: Actor,
    now: datetime,
    clinic: ClinicSettings,
) -> None:
    """Raises what moving a session there now, held so, would be refused with: SlotTaken, PatientBusy or NotOffered.

    Nothing is locked: whoever moves it asks again.
    """
    check_time(starts_at, now=now)
    service = appointment.service
    held = (appointment.psychologist_id, appointment.mode)
    if psychologist.has_left:
        raise NotOffered("psychologist")
    if (psychologist.pk, mode, location.pk) != (*held, appointment.location_id):
        check_service(psychologist, service, mode, location, by=by, is_agreed=(psychologist.pk, mode) == held)
    slot = moved(appointment, starts_at)
    rooms = rooms_for(service, mode, location)
    standing = Standing.at(slot, psychologist=psychologist.pk, rooms=rooms, now=now, ignore=appointment)
    standing.check_free()
    check_patient_is_free(appointment.patient_id, slot, now=now, ignore=appointment)
    choose_room(service, mode, location, standing)
    stays = (appointment.starts_at, appointment.psychologist_id, appointment.location_id)
    if (starts_at, psychologist.pk, location.pk) != stays:
        check_offered(psychologist, service, slot, location, mode, by=by, now=now, clinic=clinic)
    elif mode != appointment.mode:
        # A time that was agreed once, also outside the hours, is not asked about again.
        check_way_there(psychologist, slot, location, mode, instead_of=appointment.mode, clinic=clinic)
