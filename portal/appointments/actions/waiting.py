"""Joining the waitlist, changing what one waits for, and leaving it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import F

from portal.appointments import eligibility
from portal.appointments.actions import rules
from portal.appointments.models import Appointment, WaitlistEntry
from portal.appointments.refusals import AlreadyWaiting, NotOffered, NotWaiting
from portal.audit import trail
from portal.clinic.models import ClinicSettings, Location, Psychologist, Service
from portal.common.access.actors import Actor
from portal.common.database.inserting import insert_or_ignore
from portal.patients.models import Patient


@dataclass(frozen=True, slots=True)
class WaitlistWish:
    """Which times would help somebody; no psychologist means anybody, no place any place."""

    psychologists: Collection[Psychologist]
    location: Location | None
    # Bits, as `WaitlistEntry` keeps them.
    modes: int
    weekdays: int
    parts: int
    # The last day on which a time would still help.
    ends_on: date
    # Of staff alone; of a patient neither is taken.
    urgent: bool = False
    desk_note: str = ""


@transaction.atomic
def join_waitlist(*, patient: Patient, service: Service, wish: WaitlistWish, by: Actor, now: datetime) -> WaitlistEntry:
    """Puts a patient on the waitlist for a service. Raises AlreadyWaiting.

    NotOffered for what nobody can book, or the patient can't: its reason says which.
    """
    if not service.is_active or not (rules.is_staff(by) or service.online):
        raise NotOffered("service")
    if not rules.is_staff(by):
        standing = eligibility.standings([patient], now=now)[patient.pk]
        if barred := eligibility.why_not_wait(service, standing, clinic=ClinicSettings.current()):
            raise NotOffered(barred)
    entry = WaitlistEntry(patient=patient, service=service, joined_at=now, joined_by=by.user, **_columns(wish, by=by))
    # Two presses at once: the database keeps one, and says so without breaking the transaction.
    if not insert_or_ignore(entry):
        raise AlreadyWaiting
    entry.psychologists.set(wish.psychologists)
    trail.record(
        "waitlist.joined",
        target=entry,
        by=by,
        at=now,
        patient=patient.pk,
        service=service.pk,
        until=wish.ends_on,
        urgent=entry.urgent,
    )
    return entry


@transaction.atomic
def change_wish(*, entry: WaitlistEntry, wish: WaitlistWish, seen: int, by: Actor, now: datetime) -> WaitlistEntry:
    """Changes what somebody waits for; they keep their turn. Raises NotWaiting, also for an old revision as `seen`."""
    columns = _columns(wish, by=by)
    current = WaitlistEntry.objects.waiting().filter(pk=entry.pk, revision=seen)
    if not rules.is_staff(by):
        # What the desk said stays.
        columns = {name: value for name, value in columns.items() if name not in {"urgent", "desk_note"}}
    if not current.update(revision=seen + 1, **columns):
        raise NotWaiting
    entry.refresh_from_db()
    entry.psychologists.set(wish.psychologists)
    trail.record(
        "waitlist.changed",
        target=entry,
        by=by,
        at=now,
        patient=entry.patient_id,
        service=entry.service_id,
        until=entry.ends_on,
        urgent=entry.urgent,
    )
    return entry


def _columns(wish: WaitlistWish, *, by: Actor) -> dict[str, object]:
    is_staff = rules.is_staff(by)
    return {
        "location": wish.location,
        "modes": wish.modes,
        "weekdays": wish.weekdays,
        "parts": wish.parts,
        "ends_on": wish.ends_on,
        "urgent": wish.urgent and is_staff,
        "desk_note": wish.desk_note if is_staff else "",
    }


@transaction.atomic
def leave_waitlist(*, entry: WaitlistEntry, why: WaitlistEntry.Ended, by: Actor, now: datetime) -> bool:
    """Ends one entry and says whether it was open until now; whoever presses twice has left once."""
    ended = WaitlistEntry.objects.waiting().filter(pk=entry.pk).update(ended_at=now, ended_why=why)
    if ended:
        trail.record(
            "waitlist.ended",
            target=entry,
            by=by,
            at=now,
            patient=entry.patient_id,
            service=entry.service_id,
            reason=why,
        )
    return bool(ended)


@transaction.atomic
def hand_over(*, entry: WaitlistEntry, to: Patient, by: Actor, now: datetime) -> WaitlistEntry.Ended | None:
    """Has somebody keep their turn on another record of the same person, `to`; call it with that record held.

    The service is judged by what that record knows. Where it makes no sense there nothing goes over, and what is
    returned says why; it is for the caller to end it.
    """
    standing = eligibility.standings([to], now=now)[to.pk]
    why = eligibility.why_not(entry.service, standing, clinic=ClinicSettings.current())
    if why in {eligibility.FIRST_VISIT_ONLY, eligibility.FIRST_VISIT_AHEAD}:
        return WaitlistEntry.Ended.BEEN_HERE if standing.was_here else WaitlistEntry.Ended.BOOKED
    try:
        with transaction.atomic():
            went = WaitlistEntry.objects.waiting().filter(pk=entry.pk).update(patient=to, revision=F("revision") + 1)
    except IntegrityError:
        # The database lets nobody wait twice for one service.
        return WaitlistEntry.Ended.WAITS_TOO
    if went:
        trail.record(
            "waitlist.handed_over",
            target=entry,
            by=by,
            at=now,
            patient=to.pk,
            service=entry.service_id,
        )
    return None


def end_with_booking(*booked: Appointment, by: Actor, now: datetime) -> None:
    """Who waited for such a session and has it ahead of them now, at a time, in a way, with somebody and where they
    asked for it, waits no longer; else they go on waiting. What was offered to them ends with the next turn of its time
    (`journeys.waitlist`): it may be in another diary, which is not locked here.

    All of `booked` are one patient's and of one service. One query where nobody waits, however many there are.
    """
    ahead = [session for session in booked if session.starts_at > now]
    if not ahead:
        return
    for entry in WaitlistEntry.objects.waiting().filter(patient=ahead[0].patient_id, service=ahead[0].service_id):
        if _is_met_by(entry, ahead):
            leave_waitlist(entry=entry, why=WaitlistEntry.Ended.BOOKED, by=by, now=now)


def _is_met_by(entry: WaitlistEntry, sessions: Iterable[Appointment]) -> bool:
    whom = set(entry.psychologists.values_list("pk", flat=True))
    return any(
        entry.suits(session.starts_at, session.zone)
        and session.mode in entry.ways
        and entry.location_id in {None, session.location_id}
        and (not whom or session.psychologist_id in whom)
        for session in sessions
    )


def end_what_is_over(*, today: date, by: Actor, now: datetime) -> int:
    """Ends the entries whose last day is before `today`, and counts them."""
    over = WaitlistEntry.objects.waiting().filter(ends_on__lt=today).order_by("pk")
    return sum(leave_waitlist(entry=entry, why=WaitlistEntry.Ended.OVER, by=by, now=now) for entry in over)
