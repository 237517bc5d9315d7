"""Answering an offer: taking the time, in place of a later session or beside it; saying no; leaving the list."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import partial
from uuid import UUID

from django.db import transaction
from django_q.tasks import async_task

from portal.appointments import actions
from portal.appointments.actions import offering
from portal.appointments.models import Appointment, Offer, Vacancy, WaitlistEntry
from portal.appointments.refusals import HoldExpired, NotReschedulable, OfferClosed, PatientBusy, SlotTaken
from portal.billing import actions as billing
from portal.billing import charges
from portal.billing.models import Purpose
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.journeys import booking
from portal.journeys.waitlist import mails, offered, vacancies

OFFERS = Actor.system("waitlist")


class ChangedMeanwhile(Exception):
    """What the page showed, its price or terms, or the later session in whose place it was to go, is so no longer."""


def accept(*, offer: Offer, instead_of: UUID | None, shown: str, by: Actor, now: datetime) -> Appointment:
    """Books the offered time, or moves the later session `instead_of` (its code) into it; twice is once.

    `shown` is the word that `booking.as_shown` gave the page. Raises OfferClosed with what became of the offer,
    ChangedMeanwhile, PatientBusy, NotOffered or TooManyBookings. Where somebody else was first, the offer ends.
    """
    try:
        return _accept(offer=offer, instead_of=instead_of, shown=shown, by=by, now=now)
    except ChangedMeanwhile:
        # The same answer a moment ago moved the session that this one names: it is booked.
        done = Offer.objects.for_listing().get(pk=offer.pk)
        if done.is_accepted and done.booked is not None:
            return done.booked
        raise
    except PatientBusy:
        raise
    except HoldExpired as gone:
        raise OfferClosed(Offer.Outcome.EXPIRED) from gone
    except SlotTaken as taken:
        _end(offer=offer, outcome=Offer.Outcome.TAKEN, by=by, now=now)
        raise OfferClosed(Offer.Outcome.TAKEN) from taken


@actions.in_transaction
def _accept(*, offer: Offer, instead_of: UUID | None, shown: str, by: Actor, now: datetime) -> Appointment:
    swap = _later_session(offer, instead_of)
    beside = () if swap is None else (swap.psychologist_id,)
    # All that booking or moving locks, in the one order, before any row of an appointment or an offer.
    offer = offering.lock_offer(offer, beside=beside, rooms=True)
    if offer.is_accepted and offer.booked is not None:
        return offer.booked
    offering.check_open(offer, now=now)
    held = offering.held_for(offer)
    if offer.hold_code is not None and held is None:
        raise HoldExpired
    clinic = ClinicSettings.current()
    if shown != offered.as_shown(offer, clinic=clinic, now=now):
        raise ChangedMeanwhile
    moved_from = None if swap is None else swap.starts_at
    if swap is None:
        ahead = offered.asked_ahead(offer, clinic=clinic, now=now)
        booked = _book(offer, held, by=by, now=now)
        if ahead:
            _ask_ahead(booked, ahead, now=now)
    else:
        booked = _swap(offer, held, swap, by=by, now=now)
    # Also where they wish for something else by now: this is what they said yes to.
    actions.leave_waitlist(entry=offer.entry, why=WaitlistEntry.Ended.BOOKED, by=by, now=now)
    offering.accepted(offer, booked=booked, moved_from=moved_from, by=by, now=now)
    mails.withdraw(offer, now=now)
    _end_the_others(offer.vacancy, by=by, now=now)
    offering.close_vacancy(offer.vacancy, why=Vacancy.Closed.FILLED, by=by, now=now)
    if offer.vacancy.of_hours and (rest := offering.open_rest(offer.vacancy)) is not None:
        vacancies.turn_soon(rest)
    return booked


def _later_session(offer: Offer, code: UUID | None) -> Appointment | None:
    if code is None:
        return None
    own = Appointment.objects.filter(patient=offer.entry.patient_id, service=offer.entry.service_id)
    session = own.filter(code=code, starts_at__gt=offer.starts_at).for_listing().first()
    if session is None:
        raise ChangedMeanwhile
    return session


def _book(offer: Offer, held: Appointment | None, *, by: Actor, now: datetime) -> Appointment:
    patient = offer.entry.patient
    if held is not None:
        return booking.book_session(hold=held, patient=patient, is_offered=True, by=by, now=now)
    return booking.book_for_patient(
        psychologist=offer.vacancy.psychologist,
        patient=patient,
        service=offer.entry.service,
        mode=offer.mode,
        starts_at=offer.starts_at,
        location=offer.vacancy.location,
        by=by,
        now=now,
    )


def _ask_ahead(booked: Appointment, amount: Decimal, *, now: datetime) -> None:
    """The time is theirs at once; the bill for what is paid ahead follows by e-mail, with a link to pay it by card."""
    invoice = billing.bill(
        appointment=booked,
        purpose=Purpose.DEPOSIT,
        charges=[charges.paid_ahead(booked, amount)],
        by=OFFERS,
        now=now,
    )
    # Drawing it takes a second.
    transaction.on_commit(partial(async_task, "portal.journeys.waitlist.tasks.mail_bill", invoice.pk), robust=True)


def _swap(offer: Offer, held: Appointment | None, swap: Appointment, *, by: Actor, now: datetime) -> Appointment:
    """Moves the later session here. The hold is given back first: nobody else gets in between, its diary is locked."""
    if held is not None:
        actions.release_hold(hold=held, by=by, now=now)
    try:
        return booking.reschedule_session(
            appointment=swap,
            starts_at=offer.starts_at,
            psychologist=offer.vacancy.psychologist,
            location=offer.vacancy.location,
            mode=offer.mode,
            by=by,
            now=now,
            renews_grace=True,
        )
    except NotReschedulable as refused:
        raise ChangedMeanwhile from refused


def _end_the_others(vacancy: Vacancy, *, by: Actor, now: datetime) -> None:
    """Those who were asked at the same time, and were not first."""
    for other in vacancy.offers.still_open().for_listing().order_by("pk"):
        offering.end_offer(other, outcome=Offer.Outcome.TAKEN, by=by, now=now)
        mails.withdraw(other, now=now)


@actions.in_transaction
def _end(*, offer: Offer, outcome: Offer.Outcome, by: Actor, now: datetime) -> Offer:
    offer = offering.lock_offer(offer)
    if offering.end_offer(offer, outcome=outcome, by=by, now=now):
        mails.withdraw(offer, now=now)
        vacancies.turn_soon(offer.vacancy)
    return offer


def decline(*, offer: Offer, by: Actor, now: datetime) -> None:
    """Says no to this time; they go on waiting, and it goes to the next. Raises OfferClosed unless it was open."""
    ended = _end(offer=offer, outcome=Offer.Outcome.DECLINED, by=by, now=now)
    if ended.outcome != Offer.Outcome.DECLINED:
        raise OfferClosed(ended.outcome)


@actions.in_transaction
def leave(*, entry: WaitlistEntry, why: WaitlistEntry.Ended, by: Actor, now: datetime) -> bool:
    """Ends somebody's waiting, and what is offered to them; says whether they waited until now."""
    left = actions.leave_waitlist(entry=entry, why=why, by=by, now=now)
    for offer in Offer.objects.still_open().filter(entry=entry).select_related("vacancy"):
        vacancies.turn_soon(offer.vacancy)
    return left


@actions.in_transaction
def withdraw(*, offer: Offer, by: Actor, now: datetime) -> bool:
    """Takes an offer back, and offers its time to nobody else: the desk wants it. Says whether it was open."""
    offer = offering.lock_offer(offer)
    if not offering.end_offer(offer, outcome=Offer.Outcome.WITHDRAWN, by=by, now=now):
        return False
    mails.withdraw(offer, now=now)
    if not offer.vacancy.offers.still_open().exists():
        offering.close_vacancy(offer.vacancy, why=Vacancy.Closed.STOPPED, by=by, now=now)
    return True
