"""A freed time's turns: who is asked next, and until nobody is left. Each is one transaction, made anew from the rows.

A round that is missed, doubled or killed in the middle harms nothing: what is due is asked of the clock and of what
stands in the diary. The chain ends by itself, also where somebody who accepts moves a later session here and so frees a
later time: who accepted waits no longer, so there are never more turns than people who wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Count

from portal.appointments import actions, waitlist
from portal.appointments.actions import offering
from portal.appointments.actions.locking import lock_diary
from portal.appointments.models import Appointment, Offer, Vacancy, WaitlistEntry
from portal.appointments.refusals import NotOffered, Refusal, SlotTaken
from portal.appointments.waitlist import Fit, FreeTime
from portal.clinic.models import ClinicSettings, FreedTimes
from portal.common.access.actors import Actor
from portal.journeys import to_do
from portal.journeys.waitlist import mails, offered
from portal.journeys.waitlist.offered import BY_LINK
from portal.patients.reaching import readers_of, unreached

# Nobody is written to more often within a day, however many times are freed.
MOST_A_DAY: Final = 3
# So long hours that opened must stand before anybody is asked about them.
SETTLES: Final = timedelta(minutes=10)


@actions.in_transaction
def take_turn(vacancy: Vacancy | int, *, by: Actor, now: datetime) -> list[Offer]:
    """Ends what is over of a freed time's offers, and asks whoever is next; the offers that were made."""
    pk = vacancy if isinstance(vacancy, int) else vacancy.pk
    row = Vacancy.objects.filter(pk=pk).first()
    if row is None:
        return []
    lock_diary(row.psychologist_id)
    current = offering.lock_vacancy(pk)
    if current is None:
        return []
    _end_what_is_over(current, by=by, now=now)
    if current.is_past(now=now):
        offering.close_vacancy(current, why=Vacancy.Closed.PASSED, by=by, now=now)
        return []
    if current.offers.still_open().exists() or (current.of_hours and now < current.opened_at + SETTLES):
        return []
    if not current.goes_on and current.offers.exists():
        offering.close_vacancy(current, why=Vacancy.Closed.NOBODY, by=by, now=now)
        return []
    clinic, free = ClinicSettings.current(), FreeTime.of(current)
    if not offered.goes_out(now, zone=free.location.zone, clinic=clinic):
        return []
    return _ask(current, free, clinic=clinic, by=by, now=now)


def _end_what_is_over(vacancy: Vacancy, *, by: Actor, now: datetime) -> None:
    for offer in vacancy.offers.still_open().for_listing().order_by("pk"):
        outcome = (
            Offer.Outcome.NOT_NEEDED
            if not offer.entry.is_waiting
            else Offer.Outcome.EXPIRED
            if offer.is_late(now=now)
            else Offer.Outcome.UNREACHED
            if mails.reached_nobody(offer)
            else None
        )
        if outcome and offering.end_offer(offer, outcome=outcome, by=by, now=now):
            mails.withdraw(offer, now=now)
            if outcome == Offer.Outcome.UNREACHED:
                to_do.people.raise_unreached(offer, by=by, now=now)


def _ask(vacancy: Vacancy, free: FreeTime, *, clinic: ClinicSettings, by: Actor, now: datetime) -> list[Offer]:
    """Asks the next who waits, or all at once by the clinic's rule; closes the time where nobody is left."""
    if (
        Appointment.objects.filter(psychologist=free.psychologist)
        .holds()
        .between(free.starts_at, free.ends_at)
        .taking_time(now=now)
        .exists()
    ):
        # A visitor holds it: in some minutes it is theirs, or free again.
        return []
    asked = set(vacancy.offers.values_list("entry", flat=True))
    busy = set(Offer.objects.still_open().values_list("entry", flat=True)) | _asked_enough(now=now)
    made: list[Offer] = []
    is_put_off = False
    for fit in waitlist.fitting(free, now=now, clinic=clinic):
        if fit.entry.pk in asked:
            continue
        if fit.entry.pk in busy:
            # They think about another time, or were written to often enough today: asked again after that.
            is_put_off = True
            continue
        if (offer := _offer_to(vacancy, fit, free, clinic=clinic, by=by, now=now)) is not None:
            made.append(offer)
            if vacancy.in_turn:
                return made
    if not made and not is_put_off:
        booked = Appointment.objects.filter(psychologist=free.psychologist).with_a_person()
        # In hours that opened there may be sessions all along.
        is_taken = not vacancy.of_hours and booked.between(free.starts_at, free.ends_at).exists()
        why = Vacancy.Closed.TAKEN if is_taken else Vacancy.Closed.NOBODY
        offering.close_vacancy(vacancy, why=why, by=by, now=now)
    return made


def _asked_enough(*, now: datetime) -> set[int]:
    """The entries that were asked as often within a day as anybody is. One query."""
    lately = Offer.objects.filter(offered_at__gt=now - timedelta(days=1)).order_by().values_list("entry")
    return {entry for (entry, count) in lately.annotate(Count("pk")) if count >= MOST_A_DAY}


def _offer_to(
    vacancy: Vacancy, fit: Fit, free: FreeTime, *, clinic: ClinicSettings, by: Actor, now: datetime
) -> Offer | None:
    until = offering.answer_by(fit, by=by, now=now, clinic=clinic)
    if until is None or not readers_of(fit.entry.patient) or offering.refusals_of([fit], free, by=BY_LINK, now=now)[0]:
        return None
    return make_offer(vacancy, fit, until=until, by=by, now=now)


def make_offer(vacancy: Vacancy, fit: Fit, *, until: datetime, by: Actor, now: datetime) -> Offer | None:
    """Offers a time to one who waits, and mails it; None where it was taken, or they left the list, this moment."""
    try:
        with transaction.atomic():
            offer, token = offering.offer_time(vacancy=vacancy, fit=fit, until=until, by=by, now=now)
    except Refusal:
        return None
    mails.send(offer, token, session=offered.session_of(offer), now=now)
    return offer


@actions.in_transaction
def offer_by_hand(*, free: FreeTime, entry: WaitlistEntry, by: Actor, now: datetime) -> Offer:
    """Offers a time that the desk names to whom it names; if they don't take it, the clinic's rule says who is next.

    Raises SlotTaken where it is offered, held or booked already, and whatever keeps this patient from having it.
    """
    clinic = ClinicSettings.current()
    lock_diary(free.psychologist)
    vacancy = offering.open_for(free, goes_on=clinic.freed_times != FreedTimes.BY_DESK, by=by, now=now)
    if vacancy.offers.still_open().exists():
        raise SlotTaken("psychologist")
    if entry.offers.still_open().exists():
        raise NotOffered("asked")
    if vacancy.offers.filter(entry=entry).exists():
        raise NotOffered("declined")
    fit = next(iter(waitlist.fitting(free, now=now, clinic=clinic, for_staff=True, entries=[entry.pk])), None)
    until = None if fit is None else offering.answer_by(fit, by=by, now=now, clinic=clinic)
    if fit is None or until is None:
        raise NotOffered("time")
    if refusal := obstacle(fit, free, now=now):
        raise refusal
    offer = make_offer(vacancy, fit, until=until, by=by, now=now)
    if offer is None:
        raise SlotTaken("psychologist")
    return offer


def obstacle(fit: Fit, free: FreeTime, *, now: datetime) -> Refusal | None:
    """What keeps somebody from taking this time by an e-mailed link; the desk may still book it for them."""
    [found] = obstacles([fit], free, now=now)
    return found


def obstacles(fits: Sequence[Fit], free: FreeTime, *, now: datetime) -> list[Refusal | None]:
    """The same of each of these. Seven queries at most, however many they are."""
    nobody = unreached([fit.entry.patient_id for fit in fits])
    offers = Offer.objects.filter(entry__in=[fit.entry.pk for fit in fits]).order_by()
    here = offering.open_there(free).values("pk")
    asked = set(offers.still_open().exclude(vacancy__in=here).values_list("entry", flat=True))
    before = set(offers.filter(vacancy__in=here, ended_at__isnull=False).values_list("entry", flat=True))
    found: list[Refusal | None] = []
    for fit, refusal in zip(fits, offering.refusals_of(fits, free, by=BY_LINK, now=now), strict=True):
        if fit.entry.patient_id in nobody:
            found.append(NotOffered("address"))
        elif fit.entry.pk in asked:
            found.append(NotOffered("asked"))
        elif fit.entry.pk in before:
            found.append(NotOffered("declined"))
        elif not fit.entry.service.online:
            found.append(NotOffered("service"))
        else:
            found.append(refusal)
    return found
