"""Three times offered to the patient of a stranded session, who chooses one by a link, without signing in.

The session stays booked until they choose. Nobody keeps the times for them: one that is gone says so on the page, and
others stand beside it. Whoever chooses goes through the diary's own locks, so that a time has one winner.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from django.utils.translation import override

from portal.accounts.links import absolute
from portal.accounts.roles import Role
from portal.appointments import actions, states
from portal.appointments.actions import rules
from portal.appointments.actions.locking import lock_appointment
from portal.appointments.closed import closed_on, holidays
from portal.appointments.models import Appointment, MoveOffer, MoveTime
from portal.appointments.refusals import NotOffered, NotReschedulable, OfferClosed
from portal.audit import trail
from portal.clinic import kept
from portal.clinic.models import ClinicSettings, Location
from portal.common.access.actors import Actor
from portal.journeys import booking, changing
from portal.journeys.choosing import FreeTime
from portal.journeys.rearranging.proposing import Span, propose
from portal.notifications import outbox
from portal.notifications.rendering import Words, render
from portal.patients.reaching import Reader

TEMPLATE: Final = "times_offered"
# What tells those who were asked to choose that it takes place as it is booked after all.
STAYS: Final = "appointment_stays"
MOST, LASTS = 3, timedelta(days=3)
# An offer is over so long before the first of its times, and nobody is asked to answer by a time of night, where the
# session takes place; whoever is asked has so long at least.
ANSWERED, EVENING, MORNING = timedelta(hours=2), time(21), time(8)
TO_ANSWER: Final = timedelta(hours=2)
# An answer is asked for by the end of the last working day before the session, or else so long before it begins:
# whoever didn't answer is phoned before they set out.
END_OF_DAY, TO_PHONE = time(17), timedelta(hours=3)
LOOKED_BACK, WEEKEND = 14, frozenset({5, 6})
# A time is chosen no later than this before it: the psychologist hears of it.
LEAD = timedelta(hours=1)
# So many of the nearest are looked at for times on different days.
NEAREST = 150
# Where the link of a preview leads.
NOWHERE: Final = "link"
# Whoever opens the mailed link acts as the patient, signed in or not.
BY_LINK: Final = Actor(user=None, role=Role.PATIENT, name="link with times")


class NobodyToWriteTo(OfferClosed):
    """No e-mail address is known of the patient, nor of anybody who cares for them."""


class TooNear(OfferClosed):
    """It begins so soon that nobody could be asked by e-mail and phoned after that."""


def times_for(session: Appointment, *, now: datetime, clinic: ClinicSettings, count: int = MOST) -> list[FreeTime]:
    """The times of `times_of` for one session."""
    return times_of([session], now=now, clinic=clinic, count=count)[session.pk]


def times_of(
    sessions: Sequence[Appointment], *, now: datetime, clinic: ClinicSettings, count: int = MOST
) -> dict[int, list[FreeTime]]:
    """Free times with each one's psychologist as patients may book them, on different days where there are, in order.

    By the sessions' ids. What is out to somebody else comes last, and so does what is found for another of these:
    twenty people who are asked at once are not asked about the same three times. At most thirteen queries, however
    many sessions. Needs what `for_listing` gives.
    """
    found = propose(sessions, now=now, clinic=clinic, own=NEAREST, colleagues=0, for_staff=False)
    claimed = _out_to_others(sessions, now=now)
    picked: dict[int, list[FreeTime]] = {}
    for session in sessions:
        whose = claimed[session.psychologist_id]
        answered = [
            free for free in found[session.pk].own if _by_day(free.starts_at - ANSWERED, session) > now + TO_ANSWER
        ]
        times = _on_different_days(answered, claimed=whose)[:count]
        whose += [(free.starts_at, free.ends_at) for free in times]
        picked[session.pk] = sorted(times, key=lambda free: free.starts_at)
    return picked


def _on_different_days(times: Sequence[FreeTime], *, claimed: Sequence[Span]) -> list[FreeTime]:
    """The same, those that nobody else is asked about first, and of these the nearest of each day."""
    first: list[FreeTime] = []
    rest: list[FreeTime] = []
    last: list[FreeTime] = []
    days: set[date] = set()
    for free in times:
        day = free.location.day_of(free.starts_at)
        if any(starts < free.ends_at and ends > free.starts_at for starts, ends in claimed):
            last.append(free)
        elif day in days:
            rest.append(free)
        else:
            days.add(day)
            first.append(free)
    return first + rest + last


def _out_to_others(sessions: Sequence[Appointment], *, now: datetime) -> defaultdict[int, list[Span]]:
    """The times that patients of other sessions were mailed and can still choose, by psychologist. One query."""
    out = MoveTime.objects.filter(
        offer__session__psychologist__in={session.psychologist_id for session in sessions},
        offer__session__in=Appointment.objects.upcoming(now=now),
        offer__ended_at__isnull=True,
        offer__expires_at__gt=now,
    ).exclude(offer__session__in=[session.pk for session in sessions])
    claimed: defaultdict[int, list[Span]] = defaultdict(list)
    for whose, at, starts_at, ends_at in out.order_by().values_list(
        "offer__session__psychologist", "starts_at", "offer__session__starts_at", "offer__session__ends_at"
    ):
        claimed[whose].append((at, at + (ends_at - starts_at)))
    return claimed


def until(session: Appointment, times: Sequence[FreeTime], *, now: datetime) -> datetime:
    """Until when they can be chosen: three days, or two hours before the first of them, or in time before the session.

    It is never a time of night: then it is the evening before.
    """
    first = min(free.starts_at for free in times)
    return min(_by_day(min(now + LASTS, first - ANSWERED), session), _in_time(session, now=now))


def is_too_near(session: Appointment, *, now: datetime) -> bool:
    """Whether it begins too soon for asking its patient by e-mail: they are phoned. No query."""
    return _in_time(session, now=now) < now + TO_ANSWER


def _in_time(session: Appointment, *, now: datetime) -> datetime:
    """When somebody must have answered, so that whoever didn't is phoned before the session."""
    here = session.location.day_of(session.starts_at)
    for back in range(1, LOOKED_BACK):
        day = here - timedelta(days=back)
        evening = datetime.combine(day, END_OF_DAY, session.zone)
        is_shut = closed_on(session.location_id, evening - TO_ANSWER, evening, mode=session.mode)
        if is_shut or day.weekday() in WEEKEND or day in holidays(day, day).get(session.location_id, {}):
            continue
        if evening >= now + TO_ANSWER:
            return evening
        break
    return _by_day(session.starts_at - TO_PHONE, session)


def _by_day(at: datetime, session: Appointment) -> datetime:
    """The same moment, or the evening before a time of night where the session takes place."""
    here = at.astimezone(session.zone)
    if MORNING <= here.time() <= EVENING:
        return at
    evening = here.date() if here.time() > EVENING else here.date() - timedelta(days=1)
    return datetime.combine(evening, EVENING, session.zone)


@actions.in_transaction
def offer_times(session: Appointment, *, seen: str, by: Actor, now: datetime) -> MoveOffer:
    """Mails three times with a link; an offer of the session as it stands that is still out is left as it is.

    Raises NotReschedulable for a session that changed, NotOffered if nothing is free, TooNear or NobodyToWriteTo.
    """
    times = times_for(session, now=now, clinic=ClinicSettings.current())
    held = lock_appointment(session)
    if held is None or states.as_seen(held) != seen or not held.is_booked:
        raise NotReschedulable(states.Why.CHANGED)
    if not booking.told(session, now=now):
        raise NobodyToWriteTo
    if (out := MoveOffer.objects.still_open().filter(session=session).first()) and out.is_answerable(held, now=now):
        return out
    if is_too_near(held, now=now):
        raise TooNear
    end_offers(session, why=MoveOffer.Outcome.REPLACED, by=by, now=now)
    if not times or until(held, times, now=now) <= now:
        raise NotOffered("time")
    token = secrets.token_urlsafe(32)
    offer = MoveOffer.objects.create(
        session=session,
        revision=held.revision,
        token_hash=MoveOffer.hash_of(token),
        offered_at=now,
        offered_by=by.user,
        expires_at=until(held, times, now=now),
    )
    MoveTime.objects.bulk_create(
        MoveTime(offer=offer, starts_at=free.starts_at, location=free.location) for free in times
    )
    trail.record(
        "times.offered",
        target=session,
        by=by,
        at=now,
        patient=session.patient_id,
        until=offer.expires_at,
    )
    for reader, context in _letters(session, times, until=offer.expires_at, token=token, now=now):
        outbox.queue(
            template=TEMPLATE,
            to=reader.to(TEMPLATE),
            about=held,
            context=context,
            dedupe_key=f"{TEMPLATE}:{offer.code}:{reader.digest}",
            language=reader.language,
            # Whoever holds the link moves the session.
            secret=True,
        )
    return offer


def preview(session: Appointment, times: Sequence[FreeTime], *, now: datetime) -> list[tuple[Reader, Words]]:
    """The words that an offer of these times would send, and to whom; its link leads nowhere. Nothing is queued."""
    if not times or is_too_near(session, now=now):
        return []
    letters = _letters(session, times, until=until(session, times, now=now), token=NOWHERE, now=now)
    return [(reader, render(TEMPLATE, context, language=reader.language)) for reader, context in letters]


def _letters(
    session: Appointment, times: Sequence[FreeTime], *, until: datetime, token: str, now: datetime
) -> list[tuple[Reader, dict[str, object]]]:
    clinic = ClinicSettings.current()
    # Until when each could be cancelled for nothing, if it were taken now.
    taken = [(free, changing.deadline_of(as_chosen(session, free, now=now), now=now, clinic=clinic)) for free in times]
    letters = []
    for reader in booking.told(session, now=now):
        with override(reader.language):
            url = absolute("public:other_times_mailed", token)
        context: dict[str, object] = {
            "appointment": session,
            "zone": session.zone,
            "times": taken,
            "until": until,
            "called": reader.called,
            "whose": reader.about,
            "url": url,
        }
        letters.append((reader, context))
    return letters


def end_offers(session: Appointment, *, why: MoveOffer.Outcome, by: Actor, now: datetime) -> None:
    """Makes the links useless that are out for a session; call it while its row is held."""
    if MoveOffer.objects.still_open().filter(session=session).update(ended_at=now, outcome=why):
        trail.record("times.offer_ended", target=session, by=by, at=now, outcome=str(why))


def were_offered(session: Appointment) -> bool:
    """Whether its patient was written that it can't take place as it is booked now. One query."""
    return MoveOffer.objects.filter(session=session, revision=session.revision).exists()


def say_that_it_stays(session: Appointment, *, by: Actor, now: datetime) -> None:
    """Ends what was offered, and tells those who were asked to choose that it takes place as it is booked.

    Call it while the session's row is held. Who was not asked is told nothing.
    """
    end_offers(session, why=MoveOffer.Outcome.DECIDED, by=by, now=now)
    if were_offered(session):
        booking.notify(session, STAYS, now=now)


# ---- Choosing -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choice:
    """A time on the page of an offer. `was_offered` says that it is one of those that were mailed."""

    free: FreeTime
    is_gone: bool = False
    was_offered: bool = True


def choices(offer: MoveOffer, session: Appointment, *, now: datetime, clinic: ClinicSettings) -> list[Choice]:
    """The times that were mailed, which of them are gone, and others for those; soonest first.

    At most 22 queries. Needs what `for_listing` gives of the session.
    """
    mailed = list(offer.times.all())
    places = kept.places()
    length = session.ends_at - session.starts_at
    found: list[Choice] = []
    for one in mailed:
        free = FreeTime(one.starts_at, one.starts_at + length, places[one.location_id], mode=session.mode)
        found.append(
            Choice(
                free,
                is_gone=one.starts_at - LEAD <= now
                or not rules.would_fit(session, one.starts_at, free.location, now=now, clinic=clinic),
            )
        )
    gone = sum(choice.is_gone for choice in found)
    if gone:
        known = {choice.free.starts_at for choice in found}
        others = [
            free
            for free in times_for(session, now=now, clinic=clinic, count=MOST + gone)
            if free.starts_at not in known
        ]
        # With whom, nobody chooses here.
        found += [Choice(replace(free, who=None), was_offered=False) for free in others[:gone]]
    return sorted(found, key=lambda choice: choice.free.starts_at)


def as_chosen(session: Appointment, free: FreeTime, *, now: datetime) -> Appointment:
    """A copy of the session as choosing this time now makes it, with what is promised of it then; it is never saved."""
    return booking.as_moved(session, starts_at=free.starts_at, location=free.location, now=now, keeps_free_time=True)


@actions.in_transaction
def choose(
    offer: MoveOffer, *, starts_at: datetime, location: Location, now: datetime, by: Actor = BY_LINK
) -> Appointment:
    """Moves the session to a time that the offer's page shows, and tells them. Raises OfferClosed, SlotTaken,
    PatientBusy or NotOffered, and then changes nothing; the same choice twice changes nothing more."""
    session = Appointment.objects.for_listing().get(pk=offer.session_id)
    offer.refresh_from_db()
    if offer.outcome == MoveOffer.Outcome.CHOSEN and session.starts_at == starts_at:
        return session
    if not offer.is_answerable(session, now=now):
        raise OfferClosed(offer.outcome)
    shown = choices(offer, session, now=now, clinic=ClinicSettings.current())
    if not any((one.free.starts_at, one.free.location) == (starts_at, location) for one in shown if not one.is_gone):
        raise NotOffered("time")
    try:
        moved = booking.reschedule_session(
            appointment=session,
            starts_at=starts_at,
            location=location,
            by=by,
            now=now,
            seen=states.as_seen(session),
            on_offer=True,
            keeps_free_time=True,
        )
    except NotReschedulable as changed:
        raise OfferClosed from changed
    # Under the session's lock by now: whoever decided about it, or chose, while this waited was first.
    if not MoveOffer.objects.still_open().filter(pk=offer.pk).update(ended_at=now, outcome=MoveOffer.Outcome.CHOSEN):
        raise OfferClosed
    trail.record("times.chosen", target=moved, by=by, at=now, patient=moved.patient_id, starts_at=moved.starts_at)
    return moved


# ---- Once it is over ------------------------------------------------------------------------------------------------


class Became(StrEnum):
    """What became of a session whose times can be chosen no more."""

    CANCELLED = "cancelled"
    CHANGED = "changed"
    STAYS = "stays"
    # It stands where it was, and nobody has decided about it yet.
    WAITS = "waits"


def became(offer: MoveOffer, session: Appointment, *, now: datetime) -> Became | None:
    """What whoever holds the link of an offer that is over reads of its session; None of what is past."""
    if session.is_cancelled:
        return Became.CANCELLED
    if not session.is_booked or session.starts_at <= now:
        return None
    if session.revision != offer.revision:
        return Became.CHANGED
    return Became.STAYS if offer.outcome == MoveOffer.Outcome.DECIDED else Became.WAITS


# ---- What the desk sees ---------------------------------------------------------------------------------------------


def last_offers(sessions: Sequence[Appointment]) -> dict[int, MoveOffer]:
    """The last offer of each of these sessions that had one. One query."""
    rows = MoveOffer.objects.filter(session__in=[session.pk for session in sessions]).order_by("offered_at", "pk")
    return {offer.session_id: offer for offer in rows}
