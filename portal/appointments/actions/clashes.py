"""What stands in the way of sessions over months, read once: by the preview without locks, by booking under them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from django.db.models import Q

from portal.appointments import diary
from portal.appointments.actions import rules
from portal.appointments.closed import closed_on, holiday_on
from portal.appointments.hours import weekly_hours
from portal.appointments.models import Appointment, TimeSlot
from portal.appointments.openings import Span, working_spans
from portal.appointments.outside.taken import busy_elsewhere
from portal.appointments.states import TAKING_TIME, Status
from portal.clinic.kept import services
from portal.clinic.models import ClinicSettings, Location, Mode, Psychologist, Service
from portal.common.access.actors import Actor
from portal.patients.models import Patient

# How far from where it was to be a session is offered instead: within its own week.
NEAR = timedelta(days=3, hours=12)


class Clash(StrEnum):
    """Why a session can't be at its time, as one word; pages turn it into a sentence."""

    NO_SUCH_TIME = "no_such_time"
    PSYCHOLOGIST = "psychologist"
    PATIENT = "patient"
    ROOM = "room"
    AWAY = "away"
    # By a calendar of their own that they keep elsewhere; only staff are told.
    ELSEWHERE = "elsewhere"
    HOURS = "hours"
    HOLIDAY = "holiday"
    CLOSED = "closed"
    NOTICE = "notice"
    HORIZON = "horizon"
    # Another session of the same series is put there.
    SERIES = "series"


# What staff may book all the same, as they may with any single session: nobody else has the time.
MAY_BE_OVERRULED = frozenset({Clash.HOURS, Clash.HOLIDAY, Clash.ELSEWHERE})


class Terms(NamedTuple):
    """What is to be held at every one of the times."""

    psychologist: Psychologist
    patient: Patient
    service: Service
    mode: Mode
    location: Location


class _Taken(NamedTuple):
    starts_at: datetime
    ends_at: datetime
    occupied_from: datetime
    occupied_until: datetime
    psychologist: int
    patient: int | None
    room: int | None


class Outlook:
    """What is free and what is taken for one patient with one psychologist, around the times that are asked about.

    Six queries at most, however many times there are. `without` are the ids of sessions that are being moved.
    """

    def __init__(
        self,
        terms: Terms,
        times: Iterable[datetime],
        *,
        by: Actor,
        now: datetime,
        clinic: ClinicSettings,
        without: Collection[int] = (),
    ) -> None:
        asked = sorted(times)
        self.terms, self.now = terms, now
        self.earliest, self.latest = diary.booking_times(
            services().get(terms.service.pk, terms.service), clinic=clinic, now=now, for_staff=rules.is_staff(by)
        )
        first, last = asked[0] - NEAR, asked[-1] + NEAR
        first_day, last_day = terms.location.day_of(first), terms.location.day_of(last)
        free = diary.openings_of(
            [terms.psychologist],
            service=terms.service,
            first_day=first_day,
            days=(last_day - first_day).days + 1,
            now=now,
            clinic=clinic,
            mode=terms.mode,
            for_staff=rules.is_staff(by),
            without=without,
        )[terms.psychologist.pk]
        self.free = [opening.starts_at for opening in free if opening.location_id == terms.location.pk]
        self._is_free = frozenset(self.free)
        self.rooms = rules.rooms_for(terms.service, terms.mode, terms.location)
        # The ids of holds that ran out and would still be in the way.
        self.run_out: set[int] = set()
        self._taken: list[_Taken] = []
        concerned = Q(psychologist=terms.psychologist.pk) | Q(patient=terms.patient.pk)
        if self.rooms:
            concerned |= Q(room__in=self.rooms)
        around = timedelta(days=1)
        rows = Appointment.objects.filter(concerned, status__in=TAKING_TIME).occupying(first - around, last + around)
        for pk, status, held_until, *row in rows.order_by("occupied_from").values_list(
            "pk", "status", "held_until", *_Taken._fields
        ):
            if pk in without:
                continue
            if status == Status.HELD and held_until is not None and held_until <= now:
                self.run_out.add(pk)
            else:
                self._taken.append(_Taken(*row))
        whose = terms.psychologist.pk
        self._elsewhere = busy_elsewhere([whose], start=first, end=last).get(whose, []) if rules.is_staff(by) else []
        # In order of time, so that each time looks at its own neighbours and not at half a year.
        self._begins = [taken.occupied_from for taken in self._taken]
        self._longest = max((t.occupied_until - t.occupied_from for t in self._taken), default=timedelta())
        self._away: list[Span] = []
        self._extra: list[Span] = []
        slots = TimeSlot.objects.filter(psychologist=terms.psychologist.pk).between(first, last).order_by()
        for kind, place, start, end in slots.values_list("kind", "location", "starts_at", "ends_at"):
            if kind != TimeSlot.Kind.EXTRA:
                self._away.append(Span(start, end))
            elif place == terms.location.pk:
                self._extra.append(Span(start, end))

    def clash(
        self, starts_at: datetime, *, beside: Iterable[datetime] = (), outside_hours: bool = False
    ) -> Clash | None:
        """What stands in the way of a session there most of all; None if nothing does.

        `beside` are the other times of the same series. With `outside_hours`, hours and time away are not asked about.
        """
        return next(self._clashes(starts_at, beside=beside, outside_hours=outside_hours), None)

    def clashes(
        self, starts_at: datetime, *, beside: Iterable[datetime] = (), outside_hours: bool = False
    ) -> list[Clash]:
        """All that stands in the way there, the weightiest first: what nobody may overrule before what staff may."""
        return list(self._clashes(starts_at, beside=beside, outside_hours=outside_hours))

    def _clashes(self, starts_at: datetime, *, beside: Iterable[datetime], outside_hours: bool) -> Iterator[Clash]:
        slot = rules.slot_of(self.terms.service, starts_at)
        taken = list(self._takers(slot, beside))
        yield from taken
        if outside_hours or starts_at in self._is_free:
            return
        unoffered = list(self._unoffered(slot))
        yield from unoffered
        if not taken and not unoffered:
            # Such as a time between two that are offered.
            yield Clash.HOURS

    def _takers(self, slot: rules.Slot, beside: Iterable[datetime]) -> Iterator[Clash]:
        """Other sessions in the way."""
        there = self._there(slot)
        patients = [t for t in there if t.patient == self.terms.patient.pk]
        if any(t.starts_at < slot.ends_at and t.ends_at > slot.starts_at for t in patients):
            yield Clash.PATIENT
        # One session that both have is named once.
        elif any(t.psychologist == self.terms.psychologist.pk for t in there):
            yield Clash.PSYCHOLOGIST
        if any(self._meets(slot, other) for other in beside):
            yield Clash.SERIES
        if self.rooms and self._room(there, None) is None:
            yield Clash.ROOM

    def _unoffered(self, slot: rules.Slot) -> Iterator[Clash]:
        """Why a time is not among those offered, besides a session that takes it."""
        place = self.terms.location.pk
        if slot.starts_at < self.earliest:
            yield Clash.NOTICE
        if slot.starts_at > self.latest:
            yield Clash.HORIZON
        if self._meets_any(slot, self._away):
            yield Clash.AWAY
        if closed_on(place, slot.starts_at, slot.ends_at, mode=self.terms.mode):
            yield Clash.CLOSED
        if holiday_on(place, slot.starts_at):
            yield Clash.HOLIDAY
        if not self._is_worked(slot):
            yield Clash.HOURS
        if self._meets_any(slot, self._elsewhere):
            yield Clash.ELSEWHERE

    def _is_worked(self, slot: rules.Slot) -> bool:
        """Whether it lies within weekly or extra hours at the place, in the way that is asked for."""
        whose, place, mode = self.terms.psychologist.pk, self.terms.location, self.terms.mode
        day = place.day_of(slot.starts_at)
        hours = [window for window in weekly_hours().get(whose, ()) if not window.modes or mode in window.modes]
        weekly = working_spans(hours=hours, first_day=day, last_day=day)
        worked = [span for span, location in weekly if location == place.pk] + self._extra
        return any(span.start <= slot.starts_at and slot.ends_at <= span.end for span in worked)

    def _meets_any(self, slot: rules.Slot, spans: Iterable[Span]) -> bool:
        return any(span.start < slot.ends_at and span.end > slot.starts_at for span in spans)

    def nearest(
        self, to: datetime, *, beside: Collection[datetime] = (), but: datetime | None = None
    ) -> datetime | None:
        """The nearest other time that both have free, `NEAR` from this one at the most; None if there is none.

        `but` is one that is not asked for.
        """
        at = bisect_left(self.free, to)
        near = [
            time for time in self.free[max(0, at - 200) : at + 200] if time not in {to, but} and abs(time - to) <= NEAR
        ]
        ordered = sorted(near, key=lambda time: (abs(time - to), time))
        return next((time for time in ordered if self.clash(time, beside=beside) is None), None)

    def room_at(self, starts_at: datetime, *, preferred: int | None = None) -> int | None:
        """The id of a room that is free for the session; None if it needs none."""
        slot = rules.slot_of(self.terms.service, starts_at)
        there = self._there(slot)
        return self._room(there, preferred)

    def _there(self, slot: rules.Slot) -> list[_Taken]:
        """What is taken in a slot, by any of those concerned."""
        near = bisect_left(self._begins, slot.occupied_from - self._longest)
        until = bisect_left(self._begins, slot.occupied_until)
        return [taken for taken in self._taken[near:until] if taken.occupied_until > slot.occupied_from]

    def _room(self, there: Iterable[_Taken], preferred: int | None) -> int | None:
        in_use = {t.room for t in there}
        free = [room for room in self.rooms if room not in in_use]
        return preferred if preferred in free else next(iter(free), None)

    def _meets(self, slot: rules.Slot, other: datetime) -> bool:
        there = rules.slot_of(self.terms.service, other)
        return there.occupied_from < slot.occupied_until and there.occupied_until > slot.occupied_from
