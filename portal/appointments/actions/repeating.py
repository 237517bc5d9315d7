"""Booking, moving and cancelling sessions of one series: all of them in one transaction, or none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from portal.appointments.actions import rules, waiting
from portal.appointments.actions.clashes import Clash, Outlook, Terms
from portal.appointments.actions.locking import clear_holds, lock_appointment, lock_diary
from portal.appointments.actions.transactions import in_transaction
from portal.appointments.models import Appointment, Series, Status
from portal.appointments.recurrence import Pattern
from portal.appointments.refusals import NotOffered, SlotTaken, TooManyBookings
from portal.appointments.states import AHEAD
from portal.appointments.terms import promised_now
from portal.audit import trail
from portal.clinic.booking_rules import rules_of
from portal.clinic.kept import services
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor


class Wish(NamedTuple):
    """One session that is asked for: when it is to start, and when the series would have it start."""

    starts_at: datetime
    planned_at: datetime
    # Agreed to by staff, though nobody works then.
    outside_hours: bool = False


class SeriesTaken(SlotTaken):
    """Some of the times asked for can't be had, so none was booked: `clashes` says which, by their start, and why."""

    def __init__(self, clashes: dict[datetime, Clash]) -> None:
        super().__init__("series")
        self.clashes = clashes


@in_transaction
def book_series(
    *,
    terms: Terms,
    pattern: Pattern,
    wishes: Sequence[Wish],
    first: Appointment | None = None,
    by: Actor,
    now: datetime,
) -> list[Appointment]:
    """Books a session at each of the times, or none, and returns them in order of their position.

    `first` is a booked session that they follow: it becomes the first of the series, or they carry its series on. Some
    fifteen statements, however many sessions. Raises SeriesTaken, NotOffered or TooManyBookings; at least one wish.
    """
    for wish in wishes:
        rules.check_time(wish.starts_at, now=now)
    locked = lock_diary(
        terms.psychologist,
        patient=terms.patient,
        rooms_of=terms.location if rules.takes_room(terms.service, terms.mode) else None,
    )[terms.psychologist.pk]
    before = None if first is None else lock_appointment(first)
    if first is not None and (before is None or not before.is_standing or before.patient_id != terms.patient.pk):
        raise NotOffered("session")
    terms = terms._replace(psychologist=locked)
    clinic = ClinicSettings.current()
    outlook = _checked(terms, wishes, by=by, now=now, clinic=clinic)
    clear_holds(outlook.run_out, by=by, now=now)
    series, position = _series(terms, pattern, len(wishes), before, by=by, now=now)
    promised = promised_now(terms.service, clinic=clinic)
    fee, in_order = locked.fee_for(terms.service), sorted(wishes)
    booked = Appointment.objects.bulk_create(
        Appointment(
            psychologist=terms.psychologist,
            patient=terms.patient,
            service=terms.service,
            location=terms.location,
            room_id=outlook.room_at(wish.starts_at, preferred=before.room_id if before else None),
            mode=terms.mode,
            status=Status.BOOKED,
            fee=fee,
            booked_at=now,
            booked_by=by.user,
            series=series,
            position=position + n,
            planned_at=wish.planned_at,
            **promised,
            **rules.slot_of(terms.service, wish.starts_at)._asdict(),
        )
        for n, wish in enumerate(in_order, start=1)
    )
    trail.record_each(
        "appointment.booked",
        (
            (
                session,
                {
                    "patient": session.patient_id,
                    "psychologist": session.psychologist_id,
                    "service": session.service_id,
                    "location": session.location_id,
                    "starts_at": session.starts_at,
                    "series": series.code,
                    "outside_hours": wish.outside_hours,
                },
            )
            for session, wish in zip(booked, in_order, strict=True)
        ),
        by=by,
        at=now,
    )
    waiting.end_with_booking(*booked, by=by, now=now)
    return booked if before is None else [before, *booked]


def _checked(terms: Terms, wishes: Sequence[Wish], *, by: Actor, now: datetime, clinic: ClinicSettings) -> Outlook:
    """Asks every rule of one booking, of all of them at once."""
    rules.check_service(terms.psychologist, terms.service, terms.mode, terms.location, by=by)
    outlook = Outlook(terms, [wish.starts_at for wish in wishes], by=by, now=now, clinic=clinic)
    if taken := clashes_of(outlook, wishes, by=by):
        raise SeriesTaken(taken)
    if not rules.is_staff(by):
        if rules_of(services()[terms.service.pk], clinic=clinic).is_on_request:
            # Each is asked for by itself.
            raise NotOffered("on_request")
        slot = rules.slot_of(terms.service, min(wishes).starts_at)
        rules.check_patient(terms.patient, terms.psychologist, terms.service, slot, by=by, now=now, clinic=clinic)
        if len(wishes) > allowance(terms, now=now, clinic=clinic):
            raise TooManyBookings
    return outlook


def clashes_of(outlook: Outlook, wishes: Sequence[Wish], *, by: Actor) -> dict[datetime, Clash]:
    """What stands in the way of each of these times, by its start; those that can be had are not in it."""
    times = [wish.starts_at for wish in wishes]
    found = {}
    for n, wish in enumerate(wishes):
        beside = times[:n] + times[n + 1 :]
        clash = outlook.clash(wish.starts_at, beside=beside, outside_hours=wish.outside_hours and rules.is_staff(by))
        if clash is not None:
            found[wish.starts_at] = clash
    return found


def allowance(terms: Terms, *, now: datetime, clinic: ClinicSettings) -> int:
    """How many more sessions of this service the patient may book online now; one query."""
    in_force = rules_of(services().get(terms.service.pk, terms.service), clinic=clinic)
    coming = Appointment.objects.filter(patient=terms.patient, status__in=AHEAD, ends_at__gt=now)
    ahead = list(coming.order_by().values_list("service", flat=True))
    left = in_force.most_sessions - len(ahead)
    if in_force.most_of_service is not None:
        left = min(left, in_force.most_of_service - ahead.count(terms.service.pk))
    return max(left, 0)


def _series(
    terms: Terms, pattern: Pattern, wanted: int, before: Appointment | None, *, by: Actor, now: datetime
) -> tuple[Series, int]:
    """The series that the sessions join, and after which position: a new one, or that of the session before them."""
    if before is not None and before.series_id is not None:
        # Under its row's lock: two who carry it on at once count one after the other.
        series = Series.objects.select_for_update(no_key=True).get(pk=before.series_id)
        position, series.sessions = series.sessions, series.sessions + wanted
        series.save(update_fields=["sessions"])
    else:
        position = 0 if before is None else 1
        series = Series.objects.create(
            patient=terms.patient,
            every=pattern.every,
            interval=pattern.interval,
            sessions=position + wanted,
            created_at=now,
            created_by=by.user,
        )
        if before is not None:
            before.series, before.position, before.planned_at = series, 1, before.starts_at
            before.save(update_fields=["series", "position", "planned_at"])
    trail.record(
        "series.booked",
        target=series,
        by=by,
        at=now,
        patient=terms.patient.pk,
        psychologist=terms.psychologist.pk,
        every=pattern.every,
        interval=pattern.interval,
        sessions=wanted,
    )
    return series, position
