"""The times to which stranded sessions could go, for a page of them in a number of queries that doesn't grow with it.

Nothing is promised here: whoever moves a session asks again under the diary's lock.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

from portal.appointments import diary
from portal.appointments.models import Appointment
from portal.appointments.openings import Opening
from portal.clinic import kept
from portal.clinic.booking_rules import rules_of
from portal.clinic.models import ClinicSettings, Mode, Psychologist, Service
from portal.journeys.choosing import FreeTime, as_free_time, is_present, open_places
from portal.journeys.rearranging.ranking import Claimed, inconvenience, is_claimed, spread

# Days on either side of what is asked about; who has nothing there is looked for in the next, wider stretch.
REACHES: Final = (14, 60, 200)
OWN, COLLEAGUES = 5, 3
# Of a colleague's free times, how many before a session and after it are compared; of their own psychologist's all
# within reach are, and so many of the best are kept.
COMPARED, KEPT = 24, 60

Span = tuple[datetime, datetime]


class Without(NamedTuple):
    """Whoever is about to leave and what is about to close, by their ids: nothing is proposed with them or there."""

    people: Collection[int] = ()
    places: Collection[int] = ()


NOTHING: Final = Without()


@dataclass(slots=True)
class Proposed:
    """Free times for one session, the most suitable first: with whoever holds it, and with others who give the service.

    Nobody changes their psychologist by a rule: a colleague's time is there for somebody to choose.
    """

    own: list[FreeTime] = field(default_factory=list)
    colleagues: list[FreeTime] = field(default_factory=list)

    @property
    def first(self) -> FreeTime | None:
        """What is proposed: the time with the same psychologist that suits best, or none."""
        return next(iter(self.own), None)


def propose(
    sessions: Sequence[Appointment],
    *,
    now: datetime,
    clinic: ClinicSettings,
    own: int = OWN,
    colleagues: int = COLLEAGUES,
    for_staff: bool = True,
    without: Without = NOTHING,
) -> dict[int, Proposed]:
    """Free times for each of these sessions, by their ids; two of them are not proposed the same time first.

    `own` and `colleagues` say how many of each. None begins inside the service's notice: its patient has to hear of it
    first. Staff see times beyond the horizon. At most twelve queries, however many sessions. Nobody and no place of
    `without` is proposed. Needs each session's service and psychologist, as `for_listing` gives them.
    """
    found = {session.pk: Proposed() for session in sessions}
    waiting = sorted(sessions, key=lambda session: (session.starts_at, session.pk))
    claimed: defaultdict[int, list[Claimed]] = defaultdict(list)
    shared: dict[int, list[FreeTime]] = {}
    for reach in REACHES:
        if not waiting:
            break
        times = _Times(
            waiting, reach=reach, keep=max(KEPT, own), now=now, clinic=clinic, for_staff=for_staff, without=without
        )
        for session in waiting:
            mine = found[session.pk]
            if not mine.own and own:
                whose = claimed[session.psychologist_id]
                mine.own = spread(times.with_own(session), session, whose)[:own]
                if mine.first and is_claimed(mine.first, whose):
                    # Nothing but what others are proposed: it is looked for further away, before they share a time.
                    shared[session.pk], mine.own = mine.own, []
                if mine.first:
                    whose.append(Claimed.by(mine.first))
            if not mine.colleagues and colleagues:
                mine.colleagues = times.with_colleagues(session)[:colleagues]
        waiting = [s for s in waiting if own and not found[s.pk].own]
    for pk, times_of_others in shared.items():
        found[pk].own = found[pk].own or times_of_others
    return found


def nearest(
    sessions: Sequence[Appointment], *, now: datetime, clinic: ClinicSettings, without: Without = NOTHING
) -> dict[int, FreeTime]:
    """The one time that a page proposes for each of these sessions, by their ids; none for which nothing is free.

    With whoever holds it or, where they have nothing, with a colleague. At most 24 queries, however many sessions.
    """
    own = propose(sessions, now=now, clinic=clinic, own=1, colleagues=0, without=without)
    rest = [session for session in sessions if own[session.pk].first is None]
    others = propose(rest, now=now, clinic=clinic, own=0, colleagues=1, without=without)
    found = {pk: times.own for pk, times in own.items()} | {pk: times.colleagues for pk, times in others.items()}
    return {pk: times[0] for pk, times in found.items() if times}


class _Times:
    """What is free around some sessions: one reading of the diaries, and one of what their patients have booked."""

    def __init__(
        self,
        sessions: Sequence[Appointment],
        *,
        reach: int,
        keep: int,
        now: datetime,
        clinic: ClinicSettings,
        for_staff: bool,
        without: Without,
    ) -> None:
        self._keep, self._leaving = keep, without.people
        self._now, self._clinic, self._for_staff = now, clinic, for_staff
        self._places = {pk: place for pk, place in open_places().items() if pk not in without.places}
        self._around = around = timedelta(days=reach)
        first = max(min(session.starts_at for session in sessions) - around, now)
        last = max(max(session.starts_at for session in sessions), first) + around
        self._first_day: date = (first - diary.WIDEST_OFFSET).astimezone(UTC).date()
        self._days = (last - first).days + 2
        people = kept.psychologists()
        self._services = {session.service_id: session.service for session in sessions}
        self._soonest = {pk: now + rules_of(service, clinic=clinic).notice for pk, service in self._services.items()}
        owners = {session.psychologist_id for session in sessions}
        givers = {p.pk for service in self._services.values() for p in kept.giving(service)}
        self._people = [person for pk, person in people.items() if pk in owners | givers]
        self._reading = diary.Reading(
            self._people,
            services=list(self._services.values()),
            first_day=self._first_day,
            days=self._days,
            now=now,
        )
        self._busy = _busy_patients(sessions, first - around, last + around, now=now)
        self._found: dict[tuple[int, str, int | None], dict[int, list[Opening]]] = {}

    def with_own(self, session: Appointment) -> list[FreeTime]:
        """With whoever holds it, at its own place first where people come in person, the most suitable first."""
        stays = session.psychologist_id not in self._leaving
        mine = [p for p in self._people if p.pk == session.psychologist_id and stays and not p.has_left]
        return self._nearest(session, mine, self._openings(session, mine, moving=session)) if mine else []

    def with_colleagues(self, session: Appointment) -> list[FreeTime]:
        """With others who give its service in its way and are at work."""
        not_these = {session.psychologist_id, *self._leaving}
        others = [p for p in kept.giving(session.service) if p.pk not in not_these]
        return self._nearest(session, others, self._openings(session, others, moving=None))

    def _openings(
        self, session: Appointment, people: Sequence[Psychologist], *, moving: Appointment | None
    ) -> dict[int, list[Opening]]:
        service: Service = session.service
        key = (service.pk, session.mode, session.psychologist_id if moving else None)
        if key not in self._found:
            self._found[key] = diary.openings_of(
                people if moving else kept.giving(service),
                service=service,
                first_day=self._first_day,
                days=self._days,
                now=self._now,
                clinic=self._clinic,
                ignore=moving,
                mode=session.mode,
                for_staff=self._for_staff,
                reading=self._reading,
            )
        return self._found[key]

    def _nearest(
        self, session: Appointment, people: Sequence[Psychologist], openings: dict[int, list[Opening]]
    ) -> list[FreeTime]:
        length = session.ends_at - session.starts_at
        busy = [(starts, ends) for pk, starts, ends in self._busy.get(session.patient_id or 0, ()) if pk != session.pk]
        around = max(session.starts_at, self._soonest[session.service_id])
        fitting = [
            (person, opening)
            for person in people
            for opening in _near(
                openings.get(person.pk, ()),
                around,
                within=self._around,
                most=None if person.pk == session.psychologist_id else COMPARED,
            )
            if opening.location_id in self._places
            and opening.starts_at >= self._soonest[session.service_id]
            and not is_present(person, opening, session, mode=session.mode)
            and not any(starts < opening.starts_at + length and ends > opening.starts_at for starts, ends in busy)
        ]
        in_person = session.mode == Mode.IN_PERSON
        fitting.sort(
            key=lambda each: (
                in_person and each[1].location_id != session.location_id,
                inconvenience(each[1].starts_at, self._places[each[1].location_id].zone, session),
                each[1].starts_at,
                each[0].pk,
            )
        )
        return list(self._as_times(fitting, mode=session.mode))

    def _as_times(self, found: Iterable[tuple[Psychologist, Opening]], *, mode: str) -> Iterator[FreeTime]:
        seen: set[tuple[datetime, int]] = set()
        for person, opening in found:
            if (opening.starts_at, person.pk) not in seen and len(seen) < self._keep:
                seen.add((opening.starts_at, person.pk))
                free = as_free_time(person, opening, self._places, mode=mode)
                free.who = person
                yield free


def _near(openings: Sequence[Opening], around: datetime, *, within: timedelta, most: int | None) -> Sequence[Opening]:
    """Those of one person's free times, in order of time, that are worth comparing: `most` before and after."""

    def at(moment: datetime) -> int:
        return bisect_left(openings, moment, key=lambda opening: opening.starts_at)

    first, last = at(around - within), at(around + within)
    if most is not None:
        first, last = max(first, at(around) - most), min(last, at(around) + most)
    return openings[first:last]


def _busy_patients(
    sessions: Sequence[Appointment], start: datetime, end: datetime, *, now: datetime
) -> dict[int, list[tuple[int, datetime, datetime]]]:
    """What the patients of these sessions have booked, each with its id. One query."""
    patients = {session.patient_id for session in sessions if session.patient_id}
    rows = Appointment.objects.filter(patient__in=patients).taking_time(now=now).between(start, end).order_by()
    busy: defaultdict[int, list[tuple[int, datetime, datetime]]] = defaultdict(list)
    for pk, patient, starts_at, ends_at in rows.values_list("pk", "patient", "starts_at", "ends_at"):
        if patient is not None:
            busy[patient].append((pk, starts_at, ends_at))
    return dict(busy)
