"""A freed time, offered to one who waits: kept for them, answered, ended.

Whoever touches an offer holds its psychologist's row first (`lock_diary`), as whoever books that time does. So there
is one queue for all of them: the worker that passes a time on, somebody who accepts, the desk that withdraws, a visitor
who books. Where one is asked after the other, the time is a hold like a visitor's: the database keeps it from
overlapping, openings don't show it, and nobody but the offer knows its code. It runs out by itself, a little after the
offer does (`HANDOVER`): the worker passes it on within that time, so that nobody snatches it between two offers, and a
worker that is dead keeps no time from anybody for longer.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from copy import copy
from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet

from portal.appointments import eligibility, waitlist
from portal.appointments.actions import rules
from portal.appointments.actions.holding import hold, release_hold
from portal.appointments.actions.locking import lock_diary
from portal.appointments.actions.transactions import in_transaction
from portal.appointments.diary import booking_times
from portal.appointments.freed import FreedTime, OpenedHours
from portal.appointments.models import Appointment, Offer, Vacancy, WaitlistEntry
from portal.appointments.refusals import NotOffered, OfferClosed, Refusal, TooManyBookings
from portal.appointments.states import Status
from portal.appointments.terms import promised_now
from portal.appointments.waitlist import Fit, FreeTime
from portal.audit import trail
from portal.clinic import kept
from portal.clinic.models import ClinicSettings, FreedTimes
from portal.common.access.actors import Actor
from portal.common.database.inserting import insert_or_ignore

HANDOVER: Final = timedelta(minutes=5)
# Nobody can read a mail and decide in less.
LEAST_TO_ANSWER: Final = timedelta(minutes=15)

# ---- The time -------------------------------------------------------------------------------------------------------


def open_vacancy(freed: FreedTime, *, by: Actor, now: datetime) -> Vacancy | None:
    """Writes down that a time is to be offered on; None where nobody waits, or it is offered already.

    It only writes a row: who frees a time holds rows that come after the diary in the order of locks.
    """
    clinic, place = ClinicSettings.current(), freed.place
    if clinic.freed_times == FreedTimes.BY_DESK or place.starts_at <= now:
        return None
    if not WaitlistEntry.objects.waiting().exists():
        return None
    vacancy = Vacancy(
        psychologist_id=place.psychologist_id,
        location_id=place.location_id,
        session=freed.session,
        starts_at=place.starts_at,
        ends_at=place.ends_at,
        in_turn=clinic.freed_times == FreedTimes.IN_TURN,
        opened_at=now,
        opened_by=by.user,
    )
    return vacancy if insert_or_ignore(vacancy) else None


def open_hours(opened: OpenedHours, *, by: Actor, now: datetime) -> Vacancy | None:
    """The same for hours that opened, in which several sessions may fit."""
    clinic = ClinicSettings.current()
    if clinic.freed_times == FreedTimes.BY_DESK:
        return None
    vacancy = Vacancy(
        psychologist_id=opened.psychologist_id,
        location_id=opened.location_id,
        starts_at=opened.starts_at,
        ends_at=opened.ends_at,
        in_turn=clinic.freed_times == FreedTimes.IN_TURN,
        of_hours=True,
        opened_at=now,
        opened_by=by.user,
    )
    return vacancy if insert_or_ignore(vacancy) else None


def open_rest(vacancy: Vacancy) -> Vacancy | None:
    """What is left of opened hours once a session was booked in them, as a turn of its own; None if it is offered."""
    rest = Vacancy(
        psychologist_id=vacancy.psychologist_id,
        location_id=vacancy.location_id,
        starts_at=vacancy.starts_at,
        ends_at=vacancy.ends_at,
        in_turn=vacancy.in_turn,
        of_hours=True,
        opened_at=vacancy.opened_at,
        opened_by_id=vacancy.opened_by_id,
    )
    return rest if insert_or_ignore(rest) else None


@in_transaction
def open_for(free: FreeTime, *, goes_on: bool, by: Actor, now: datetime) -> Vacancy:
    """The same for a time that the desk names; one that is offered already is given back as it is."""
    lock_diary(free.psychologist)
    vacancy = Vacancy(
        psychologist=free.psychologist,
        location=free.location,
        starts_at=free.starts_at,
        ends_at=free.ends_at,
        # What the desk offers by hand is kept for whoever is asked.
        in_turn=True,
        goes_on=goes_on,
        opened_at=now,
        opened_by=by.user,
    )
    if insert_or_ignore(vacancy):
        return vacancy
    return Vacancy.objects.still_open().get(psychologist=free.psychologist, starts_at=free.starts_at)


def open_there(free: FreeTime) -> QuerySet[Vacancy]:
    """What of this time is offered on now."""
    return Vacancy.objects.still_open().filter(psychologist=free.psychologist, starts_at=free.starts_at)


def lock_vacancy(vacancy: Vacancy | int) -> Vacancy | None:
    """The row as it is now, while its diary is locked; None once it is closed."""
    pk = vacancy if isinstance(vacancy, int) else vacancy.pk
    return Vacancy.objects.still_open().select_for_update(no_key=True).filter(pk=pk).order_by("pk").first()


def close_vacancy(vacancy: Vacancy, *, why: Vacancy.Closed, by: Actor, now: datetime) -> None:
    """Offers the time no longer. Call it with its diary locked; what is closed stays as it is."""
    if Vacancy.objects.still_open().filter(pk=vacancy.pk).update(closed_at=now, closed_why=why):
        vacancy.closed_at, vacancy.closed_why = now, why


# ---- The offer ------------------------------------------------------------------------------------------------------


def refusals_of(fits: Sequence[Fit], free: FreeTime, *, by: Actor, now: datetime) -> list[Refusal | None]:
    """Of each why this patient can't have the time by the rules of online booking; None where they can.

    Who may book no more because of what is ahead can have it where a later session of theirs moves there. Three queries
    at most, however many they are.
    """
    known = rules.known_of([fit.entry.patient for fit in fits], after=free.starts_at, now=now)
    found = [_refusal_of(fit, free, by=by, now=now, known=known[fit.entry.patient_id]) for fit in fits]
    have_one = [fit for fit, refusal in zip(fits, found, strict=True) if _is_of_what_is_ahead(refusal)]
    later = waitlist.later_sessions_of(have_one, by=by, now=now)

    def moving(fit: Fit, refusal: Refusal | None) -> Refusal | None:
        for session in later.get(fit.entry.pk, ()):
            instead = known[fit.entry.patient_id].without(session)
            if (refusal := _refusal_of(fit, free, by=by, now=now, known=instead)) is None:
                break
        return refusal

    return [moving(fit, refusal) for fit, refusal in zip(fits, found, strict=True)]


def _is_of_what_is_ahead(refusal: Refusal | None) -> bool:
    return isinstance(refusal, TooManyBookings) or (
        isinstance(refusal, NotOffered) and refusal.reason == eligibility.FIRST_VISIT_AHEAD
    )


def _refusal_of(fit: Fit, free: FreeTime, *, by: Actor, now: datetime, known: rules.Known) -> Refusal | None:
    slot = rules.slot_of(fit.entry.service, fit.opening.starts_at)
    try:
        rules.check_patient(
            fit.entry.patient,
            free.psychologist,
            fit.entry.service,
            slot,
            by=by,
            now=now,
            clinic=ClinicSettings.current(),
            known=known,
        )
    except Refusal as refusal:
        return refusal
    return None


def answer_by(fit: Fit, *, by: Actor, now: datetime, clinic: ClinicSettings) -> datetime | None:
    """Until when somebody who is asked now may answer; None where too little time is left.

    What the worker offers may be answered no longer than it can be booked online; what staff offer, until it begins.
    """
    earliest, _latest = booking_times(fit.entry.service, clinic=clinic, now=now, for_staff=rules.is_staff(by))
    until = min(now + timedelta(minutes=clinic.offer_minutes), fit.opening.starts_at - (earliest - now))
    until = until.replace(second=0, microsecond=0)
    return until if until - now >= LEAST_TO_ANSWER else None


@in_transaction
def offer_time(*, vacancy: Vacancy, fit: Fit, until: datetime, by: Actor, now: datetime) -> tuple[Offer, str]:
    """Offers a time to somebody who waits, and keeps it for them where one is asked after the other.

    Gives the offer and the token of its link, of which only a hash is kept. Raises SlotTaken,
    NotOffered or OfferClosed.
    """
    free, opening = FreeTime.of(vacancy), fit.opening
    # Where all are asked at once, nothing is held: with rooms locked, the next patient would be locked after them.
    needs_room = vacancy.in_turn and rules.takes_room(fit.entry.service, fit.mode)
    rooms_of = free.location if needs_room else None
    lock_diary(free.psychologist, patient=fit.entry.patient_id, rooms_of=rooms_of)
    # Whoever books for them ends their waiting under the patient's lock.
    if not WaitlistEntry.objects.waiting().filter(pk=fit.entry.pk).exists():
        raise OfferClosed(Offer.Outcome.NOT_NEEDED)
    held = None
    if vacancy.in_turn:
        held = hold(
            psychologist=free.psychologist,
            service=fit.entry.service,
            mode=fit.mode,
            starts_at=opening.starts_at,
            location=free.location,
            by=by,
            now=now,
            until=min(until + HANDOVER, opening.starts_at),
        )
    token = secrets.token_urlsafe(32)
    offer = Offer.objects.create(
        vacancy=vacancy,
        entry=fit.entry,
        mode=fit.mode,
        starts_at=opening.starts_at,
        ends_at=opening.ends_at,
        hold_code=held.code if held else None,
        token_hash=Offer.hash_of(token),
        offered_at=now,
        offered_by=by.user,
        expires_at=until,
    )
    trail.record(
        "waitlist.offered",
        target=offer,
        by=by,
        at=now,
        patient=fit.entry.patient_id,
        psychologist=vacancy.psychologist_id,
        starts_at=offer.starts_at,
        until=until,
    )
    return offer, token


def lock_offer(offer: Offer, *, beside: tuple[int, ...] = (), rooms: bool = False) -> Offer:
    """The offer as it is now, with its diary locked, and its patient's row; `beside` are other psychologists, by id.

    `rooms` locks its place's rooms too: what is about to be booked there in person needs one.
    """
    vacancy, entry = offer.vacancy, offer.entry
    lock_diary(
        vacancy.psychologist_id,
        *beside,
        patient=entry.patient_id,
        rooms_of=vacancy.location if rooms and rules.takes_room(entry.service, offer.mode) else None,
    )
    return Offer.objects.select_for_update(no_key=True, of=("self",)).for_listing().get(pk=offer.pk)


def check_open(offer: Offer, *, now: datetime) -> None:
    """Raises OfferClosed with what became of it."""
    if not offer.is_open:
        raise OfferClosed(offer.outcome)
    if offer.is_late(now=now):
        raise OfferClosed(Offer.Outcome.EXPIRED)


def held_for(offer: Offer) -> Appointment | None:
    """The hold that keeps an offer's time; none where it is kept for nobody, or ran out."""
    if offer.hold_code is None:
        return None
    return Appointment.objects.holds().for_listing().filter(code=offer.hold_code).first()


def as_if_held(offer: Offer) -> Appointment:
    """What accepting an offer books whose time is kept for nobody, at today's fee and terms; it is never saved."""
    service = kept.services()[offer.entry.service_id]
    psychologist = kept.psychologists()[offer.vacancy.psychologist_id]
    return Appointment(
        psychologist=psychologist,
        service=service,
        location=kept.places()[offer.vacancy.location_id],
        mode=offer.mode,
        status=Status.HELD,
        held_until=offer.expires_at,
        fee=psychologist.fee_for(service),
        **promised_now(service, clinic=ClinicSettings.current()),
        **rules.slot_of(service, offer.starts_at)._asdict(),
    )


def as_if_moved(session: Appointment, offer: Offer) -> Appointment:
    """A copy of a later session, drawn in the offered time already, as accepting moves it; it is never saved."""
    moved = copy(session)
    moved.psychologist, moved.mode = offer.vacancy.psychologist, offer.mode
    # Its grace begins with the answer, as with a time that is held.
    moved.status, moved.booked_at = Status.HELD, None
    return moved


def end_offer(offer: Offer, *, outcome: Offer.Outcome, by: Actor, now: datetime) -> bool:
    """Ends an open offer and gives its time back; says whether it was open. Call it with its diary locked."""
    if not Offer.objects.still_open().filter(pk=offer.pk).update(ended_at=now, outcome=outcome):
        return False
    offer.ended_at, offer.outcome = now, outcome
    if (held := held_for(offer)) is not None:
        release_hold(hold=held, by=by, now=now)
    trail.record(
        "waitlist.offer_ended",
        target=offer,
        by=by,
        at=now,
        patient=offer.entry.patient_id,
        psychologist=offer.vacancy.psychologist_id,
        starts_at=offer.starts_at,
        reason=outcome,
    )
    return True


def accepted(offer: Offer, *, booked: Appointment, moved_from: datetime | None, by: Actor, now: datetime) -> None:
    """Writes down that an offer was taken, and which session came of it. Call it with its diary locked."""
    offer.ended_at, offer.outcome = now, Offer.Outcome.ACCEPTED
    offer.booked, offer.moved_from = booked, moved_from
    offer.save(update_fields=["ended_at", "outcome", "booked", "moved_from"])
    freed = offer.vacancy.session
    trail.record(
        "waitlist.accepted",
        target=offer,
        by=by,
        at=now,
        patient=offer.entry.patient_id,
        psychologist=offer.vacancy.psychologist_id,
        appointment=booked.pk,
        starts_at=offer.starts_at,
        # The session whose time it was: its late fee may be waived now.
        **({} if freed is None else {"refills": freed.pk}),
    )
