"""What stands in the way of sessions over months, read once: by the preview without locks, by booking under them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from portal.appointments import diary, rows
from portal.appointments.actions import rules
from portal.appointments.closed import closed_on, holiday_on
from portal.appointments.hours import weekly_hours
from portal.appointments.openings import Span, working_spans
from portal.appointments.states import Status
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
    """What a session takes of whom, in seconds since 1970: with its breaks of its psychologist and its room."""

    starts_at: int
    ends_at: int
    occupied_from: int
    occupied_until: int
    psychologist: int
    patient: int | None
    room: int | None


class Outlook:
    """What is free and what is taken for one patient with one psychologist, at the times that are asked about.

    Three queries, however many times there are, and one or two more where `nearest` is asked. Of other people's
    sessions only those are read that may clash: half a year of everybody's in the same rooms would be thousands.
    `without` are the ids of sessions that are being moved.
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
        self.asked = sorted(set(times))
        self._is_asked = frozenset(self.asked)
        self.terms, self.now, self.without = terms, now, without
        whose, for_staff = terms.psychologist.pk, rules.is_staff(by)
        self.earliest, self.latest = diary.booking_times(
            services().get(terms.service.pk, terms.service), clinic=clinic, now=now, for_staff=for_staff
        )
        first_day = terms.location.day_of(self.asked[0] - NEAR)
        days = (terms.location.day_of(self.asked[-1] + NEAR) - first_day).days + 1
        reading = diary.Reading(
            [terms.psychologist],
            services=[terms.service],
            first_day=first_day,
            days=days,
            now=now,
            # They are looked at below, where they matter.
            with_rooms=False,
            without=without,
        )
        free = diary.openings_of(
            [terms.psychologist],
            service=terms.service,
            first_day=first_day,
            days=days,
            now=now,
            clinic=clinic,
            mode=terms.mode,
            for_staff=for_staff,
            reading=reading,
        )[whose]
        self.free = [opening.starts_at for opening in free if opening.location_id == terms.location.pk]
        self._is_free = frozenset(self.free)
        dated = reading.dated
        self._away = dated.leave.get(whose, [])
        self._elsewhere = dated.elsewhere.get(whose, []) if for_staff else []
        self._extra = [Span(e.start, e.end) for e in dated.extra.get(whose, ()) if e.location_id == terms.location.pk]
        self.rooms = rules.rooms_for(terms.service, terms.mode, terms.location)
        # The ids of holds that ran out and would still be in the way.
        self.run_out: set[int] = set()
        self._taken: dict[int, _Taken] = {}
        # In order of time, so that each time looks at its own neighbours and not at half a year.
        self._in_order: list[_Taken] = []
        self._begins: list[int] = []
        self._longest = 0
        # The times of which what is near is read, too.
        self._near: set[datetime] = set()
        self._read([self._occupied(at) for at in self.asked], whose)

    def _occupied(self, starts_at: datetime, *, near: timedelta = timedelta()) -> tuple[datetime, datetime]:
        slot = rules.slot_of(self.terms.service, starts_at)
        return slot.occupied_from - near, slot.occupied_until + near

    def _read(self, spans: Collection[tuple[datetime, datetime]], psychologist: int | None) -> None:
        """Reads what takes time of the patient, a room or the psychologist within these times, in order. One query."""
        for pk, status, held_until, *row in rows.taken_at(
            spans, patient=self.terms.patient.pk, rooms=self.rooms, psychologist=psychologist
        ):
            if pk in self.without:
                continue
            if status == Status.HELD and held_until is not None and held_until <= self.now:
                self.run_out.add(pk)
            else:
                self._taken[pk] = _Taken(*row)
        self._in_order = sorted(self._taken.values(), key=lambda taken: taken.occupied_from)
        self._begins = [taken.occupied_from for taken in self._in_order]
        self._longest = max((t.occupied_until - t.occupied_from for t in self._in_order), default=0)

    def _look_near(self, to: datetime) -> None:
        """Reads what stands around a time that can't be had: of all such times at once, so that it is asked once.

        A time that only another one of the series takes is seen too late for that; then all are read.
        """
        if to not in self._near:
            can_not = self.asked if self._near else [at for at in self.asked if self.clash(at) is not None]
            self._near.update((to, *can_not))
            self._read(_merged(self._occupied(at, near=NEAR) for at in sorted(self._near)), None)

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
        slot = self._slot(starts_at)
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
        starts, ends = _seconds(slot.starts_at), _seconds(slot.ends_at)
        if any(t.starts_at < ends and t.ends_at > starts for t in patients):
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
        self._look_near(to)
        at = bisect_left(self.free, to)
        near = [
            time for time in self.free[max(0, at - 200) : at + 200] if time not in {to, but} and abs(time - to) <= NEAR
        ]
        ordered = sorted(near, key=lambda time: (abs(time - to), time))
        return next((time for time in ordered if self.clash(time, beside=beside) is None), None)

    def room_at(self, starts_at: datetime, *, preferred: int | None = None) -> int | None:
        """The id of a room that is free for the session; None if it needs none."""
        return self._room(self._there(self._slot(starts_at)), preferred)

    def _slot(self, starts_at: datetime) -> rules.Slot:
        """Raises ValueError for a time that was not asked about: nobody has looked what stands there."""
        if starts_at not in self._is_asked and not any(abs(starts_at - at) <= NEAR for at in self._near):
            raise ValueError("ask about it first")
        return rules.slot_of(self.terms.service, starts_at)

    def _there(self, slot: rules.Slot) -> list[_Taken]:
        """What is taken in a slot, by any of those concerned."""
        begins, ends = _seconds(slot.occupied_from), _seconds(slot.occupied_until)
        near, until = bisect_left(self._begins, begins - self._longest), bisect_left(self._begins, ends)
        return [taken for taken in self._in_order[near:until] if taken.occupied_until > begins]

    def _room(self, there: Iterable[_Taken], preferred: int | None) -> int | None:
        in_use = {t.room for t in there}
        free = [room for room in self.rooms if room not in in_use]
        return preferred if preferred in free else next(iter(free), None)

    def _meets(self, slot: rules.Slot, other: datetime) -> bool:
        # Both are of one length.
        return abs(slot.starts_at - other) < slot.occupied_until - slot.occupied_from


def _merged(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """The same times with those made one that touch; in order of their beginning, and all of one length."""
    found: list[tuple[datetime, datetime]] = []
    for start, end in spans:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
