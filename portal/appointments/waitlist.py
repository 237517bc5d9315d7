"""Who waits for a time, in which order, and why: one answer for the worker, the desk and the patient's pages.

What suits somebody is their own wish (`WaitlistEntry.suits`); what can be booked is asked of the diary's openings, so
that nothing is offered that online booking would refuse. Whether one patient may have it (a first visit, closed books,
another session then) is `rules.check_patient`'s to say, for the one who is next.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from portal.appointments import diary, states
from portal.appointments.models import Appointment, Vacancy, WaitlistEntry
from portal.appointments.openings import Opening
from portal.appointments.states import Verb
from portal.clinic import kept
from portal.clinic.models import ClinicSettings, Location, Mode, Psychologist, Service
from portal.common.access.actors import Actor

# How far ahead an end date may lie: who waits longer is asked whether they still do.
LONGEST_WAIT = timedelta(days=366)


class FreeTime(NamedTuple):
    """Whose time, where, and between which moments a session may begin: from `starts_at` on, before `ends_at`."""

    psychologist: Psychologist
    location: Location
    starts_at: datetime
    ends_at: datetime

    @classmethod
    def of(cls, vacancy: Vacancy) -> FreeTime:
        """The time that is offered on, with its people as they are kept."""
        return cls(
            kept.psychologists()[vacancy.psychologist_id],
            kept.places()[vacancy.location_id],
            vacancy.starts_at,
            vacancy.ends_at,
        )


class Fit(NamedTuple):
    """Somebody who waits, and the session that would help them in a free time."""

    entry: WaitlistEntry
    opening: Opening
    mode: Mode


def fitting(
    free: FreeTime, *, now: datetime, clinic: ClinicSettings, for_staff: bool = False, entries: Iterable[int] = ()
) -> list[Fit]:
    """Everybody on the waitlist whom a free time would help, in turn; of these `entries` alone, by their ids, if named.

    The queries grow with how many services and ways of meeting are waited for, not with how many people wait.
    """
    waiting = WaitlistEntry.objects.waiting().in_turn().filter(ends_on__gte=free.location.day_of(free.starts_at))
    if entries:
        waiting = waiting.filter(pk__in=entries)
    found, times = [], _Times(free, now=now, clinic=clinic, for_staff=for_staff)
    for entry in waiting.select_related("patient__user").prefetch_related("psychologists"):
        entry.service = kept.services()[entry.service_id]
        if not _asks_for(entry, free):
            continue
        for mode in entry.ways:
            # The earliest start in the free time that suits them.
            opening = next(
                (o for o in times.of(entry.service, mode) if entry.suits(o.starts_at, free.location.zone)), None
            )
            if opening is not None:
                found.append(Fit(entry, opening, mode))
                break
    return found


def _asks_for(entry: WaitlistEntry, free: FreeTime) -> bool:
    named = {psychologist.pk for psychologist in entry.psychologists.all()}
    return (not named or free.psychologist.pk in named) and entry.location_id in {None, free.location.pk}


class _Times:
    """What can be booked in a free time, asked once for each service and way of meeting."""

    def __init__(self, free: FreeTime, *, now: datetime, clinic: ClinicSettings, for_staff: bool) -> None:
        self.free, self.now, self.clinic, self.for_staff = free, now, clinic, for_staff
        self._known: dict[tuple[int, Mode], list[Opening]] = {}

    def of(self, service: Service, mode: Mode) -> list[Opening]:
        if (key := (service.pk, mode)) not in self._known:
            self._known[key] = self._asked(service, mode)
        return self._known[key]

    def _asked(self, service: Service, mode: Mode) -> list[Opening]:
        free = self.free
        if not kept.is_named(free.psychologist.pk, service) or not (self.for_staff or service.online):
            return []
        openings = diary.openings_of(
            [free.psychologist],
            service=service,
            first_day=free.location.day_of(free.starts_at),
            days=1 + (free.location.day_of(free.ends_at) - free.location.day_of(free.starts_at)).days,
            now=self.now,
            clinic=self.clinic,
            mode=mode,
            for_staff=self.for_staff,
        )[free.psychologist.pk]
        return [
            o for o in openings if o.location_id == free.location.pk and free.starts_at <= o.starts_at < free.ends_at
        ]


def later_sessions(entry: WaitlistEntry, *, than: datetime, by: Actor, now: datetime) -> list[Appointment]:
    """What this patient has booked later and may still move: a session of the kind that they wait for, soonest first.

    Needs no lock: what is chosen is looked at again when it is moved.
    """
    own = Appointment.objects.filter(patient=entry.patient_id, service=entry.service_id, starts_at__gt=than)
    return [
        session
        for session in own.upcoming(now=now).for_listing()
        if states.why_not(session, Verb.MOVE, by=by, now=now) is None
    ]


def later_sessions_of(fits: Sequence[Fit], *, by: Actor, now: datetime) -> dict[int, list[Appointment]]:
    """The same for each of these and the time that fits, by the ids of their entries. One query."""
    if not fits:
        return {}
    entries = [fit.entry for fit in fits]
    own = Appointment.objects.filter(
        patient__in=[entry.patient_id for entry in entries], service__in=[entry.service_id for entry in entries]
    )
    movable = defaultdict(list)
    for session in own.upcoming(now=now).for_listing():
        if states.why_not(session, Verb.MOVE, by=by, now=now) is None:
            movable[session.patient_id, session.service_id].append(session)
    return {
        fit.entry.pk: [
            session
            for session in movable[fit.entry.patient_id, fit.entry.service_id]
            if session.starts_at > fit.opening.starts_at
        ]
        for fit in fits
    }


def refilled(sessions: Sequence[Appointment]) -> dict[int, Appointment]:
    """By the ids of these cancelled sessions, what stands in their time now, booked for it or moved there. One query.

    Asked of the diary, not of what was offered: a time that was filled by phone is filled, and one whose new session is
    called off too is empty again.
    """
    over = [session for session in sessions if session.is_cancelled]
    if not over:
        return {}
    first, last = min(s.starts_at for s in over), max(s.ends_at for s in over)
    standing = Appointment.objects.filter(psychologist__in={s.psychologist_id for s in over}).with_a_person()
    by_person: defaultdict[int, list[Appointment]] = defaultdict(list)
    for other in standing.between(first, last).select_related("patient").order_by("starts_at"):
        by_person[other.psychologist_id].append(other)
    return {
        session.pk: found
        for session in over
        if (
            found := next(
                (
                    other
                    for other in by_person[session.psychologist_id]
                    if other.starts_at < session.ends_at and other.ends_at > session.starts_at
                ),
                None,
            )
        )
    }


def last_day(*, today: date) -> date:
    """The furthest end date that somebody may wait until."""
    return today + LONGEST_WAIT
