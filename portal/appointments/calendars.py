"""Reading the diary for a calendar: a day of many people or a week of one, in three queries either way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple
from uuid import UUID

from django.db.models.expressions import Combinable

from portal.appointments import closed, rows, states
from portal.appointments.calendar_days import CalendarDay, cuts
from portal.appointments.gaps import A_DAY, Gap, Gaps, Need, needs_of
from portal.appointments.hours import weekly_hours
from portal.appointments.models import Status, TimeSlot
from portal.appointments.models.appointment import which_of
from portal.appointments.openings import working_spans
from portal.appointments.outside.taken import with_age
from portal.clinic import kept
from portal.clinic.models import Location, Psychologist
from portal.common.text.normalise import full_name

STEP_MINUTES = 5
HALF_HOUR = timedelta(minutes=30)
# What a calendar may be narrowed to, as a form's choices.
STATUSES = Status.choices


@dataclass(frozen=True, slots=True)
class Only:
    """What a calendar is narrowed to; what is left empty narrows nothing, but for the cancelled, which are asked for.

    `location` is the id of a place, `mode` and `status` are values of theirs.
    """

    location: int | None = None
    mode: str = ""
    status: str = ""

    def shows(self, session: Booked) -> bool:
        """Whether a session is one of those asked for."""
        return (
            self.location in (None, session.location.pk)
            and self.mode in ("", session.mode)
            and self.status in ("", session.status)
        )

    @property
    def asks_for_cancelled(self) -> bool:
        return self.status == Status.CANCELLED


EVERYTHING = Only()


class Booked(NamedTuple):
    """What a calendar says of a session: a day of everybody has hundreds, and needs no models made of them."""

    code: UUID
    psychologist_id: int
    status: str
    mode: str
    starts_at: datetime
    ends_at: datetime
    is_confirmed: bool
    # Empty while the time is only held.
    patient: str
    service: str
    # None and empty where it needs none.
    room_id: int | None
    room: str
    # Which of its series it is; empty where it is in none.
    of_series: str
    # With the breaks that are kept free beside it.
    occupied_from: datetime
    occupied_until: datetime
    # None while the time is only held, by nobody in particular.
    patient_id: int | None
    service_id: int
    # What was asked of it beside the diary's own: see `columns`.
    also: bool
    location: Location

    @property
    def is_hold(self) -> bool:
        return self.status == Status.HELD

    @property
    def is_booked(self) -> bool:
        return self.status == Status.BOOKED

    @property
    def can_move(self) -> bool:
        """Whether its state lets it be moved; whether the rest does, is asked when it is."""
        return self.status in states.MOVES[states.Verb.MOVE].frm

    @property
    def takes_time(self) -> bool:
        """Whether its time is nobody else's."""
        return self.status in states.TAKING_TIME

    @property
    def is_standing(self) -> bool:
        """It is neither called off nor missed, and more than a hold."""
        return self.status in states.STANDING


@dataclass(frozen=True, slots=True)
class Stretch:
    """Something that takes up part of one day, cut to that day, on the calendar's wall clock.

    `minute` is where it begins, counted on the wall clock from midnight, and `minutes` how long it really lasts.
    """

    starts_at: datetime
    ends_at: datetime
    minute: int
    minutes: int

    @property
    def row(self) -> int:
        """The first of the day's 288 rows of five minutes that it touches, counted from 1."""
        return self.minute // STEP_MINUTES + 1

    @property
    def span(self) -> int:
        """How many rows it touches."""
        return max(1, -(-(self.minute + self.minutes) // STEP_MINUTES) - self.row + 1)


@dataclass(frozen=True, slots=True)
class Session(Stretch):
    """A stretch of the day that a session takes."""

    appointment: Booked


@dataclass(frozen=True, slots=True)
class Work(Stretch):
    """Hours worked at a location; `slot` is set if they are extra."""

    location: Location
    slot: TimeSlot | None = None


@dataclass(frozen=True, slots=True)
class Away(Stretch):
    """A stretch of the day that a psychologist is away; `location` is set if it is for a place that is closed.

    Some of the ways of meeting may go on in it: then it takes no time.
    """

    slot: TimeSlot
    location: Location | None = None
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Elsewhere(Stretch):
    """A stretch in which a psychologist has something else on; `as_of` is set where that was read too long ago."""

    as_of: datetime | None


@dataclass(frozen=True, slots=True)
class Free(Stretch):
    """Half an hour, or several, worked at a location and touched by nothing.

    `books_at` is the first start in it that leaves time for a session of theirs; None where it is too short for any.
    """

    location: Location
    books_at: datetime | None


@dataclass(frozen=True, slots=True)
class DiaryDay:
    """One day of one psychologist, each list in order of time. `hidden` are sessions that nobody asked to see."""

    psychologist: Psychologist
    day: date
    sessions: list[Session] = field(default_factory=list)
    work: list[Work] = field(default_factory=list)
    away: list[Away] = field(default_factory=list)
    elsewhere: list[Elsewhere] = field(default_factory=list)
    hidden: list[Session] = field(default_factory=list)

    def free(self, *, zone: tzinfo, now: datetime) -> Iterator[Free]:
        """Each half hour of the wall clock from `now` on that is worked whole and that nothing touches."""
        closed = self._closed()
        taken = [*closed, *((a.starts_at, a.ends_at) for a in self._taking_time())]
        # What is left around a half hour is asked only of those that are free: a full day has none.
        gaps: Gaps | None = None
        needs: list[Need] = []
        offered: set[datetime] = set()
        for work in self.work:
            until = work.ends_at.astimezone(UTC)
            begins = work.starts_at.astimezone(UTC) + timedelta(minutes=-work.minute % 30)
            while (ends := begins + HALF_HOUR) <= until:
                if begins >= now and begins not in offered and not _touches(taken, begins, ends):
                    offered.add(begins)
                    if gaps is None:
                        gaps, needs = self._gaps(closed), needs_of(self.psychologist)
                    shown = begins.astimezone(zone)
                    gap = gaps.at(begins, place=work.location.pk, far=A_DAY)
                    fits = gap is not None and any(gap.takes(need) for need in needs)
                    minute = shown.hour * 60 + shown.minute
                    yield Free(shown, ends.astimezone(zone), minute, 30, work.location, shown if fits else None)
                begins = ends

    def gap_at(self, starts_at: datetime, location: Location) -> Gap | None:
        """What is left around a start there; None where something is on then, or nobody works."""
        gap = self._gaps(self._closed()).at(starts_at.astimezone(UTC), place=location.pk, far=A_DAY)
        return gap if gap and gap.worked_until > gap.starts_at else None

    def _taking_time(self) -> Iterator[Booked]:
        return (s.appointment for s in (*self.sessions, *self.hidden) if s.appointment.takes_time)

    def _closed(self) -> list[tuple[datetime, datetime]]:
        """Leave, what is closed, and what is on elsewhere, in UTC."""
        off = [(away.starts_at, away.ends_at) for away in self.away if not away.goes_on]
        off += [(busy.starts_at, busy.ends_at) for busy in self.elsewhere]
        return [(begins.astimezone(UTC), ends.astimezone(UTC)) for begins, ends in off]

    def _gaps(self, closed: Iterable[tuple[datetime, datetime]]) -> Gaps:
        """What is left between all that is on, the breaks beside sessions too."""
        breaks = ((a.occupied_from, a.occupied_until) for a in self._taking_time())
        worked = [(w.starts_at.astimezone(UTC), w.ends_at.astimezone(UTC), w.location.pk) for w in self.work]
        return Gaps([*closed, *breaks], worked)

    def stretches(self, *, zone: tzinfo, now: datetime) -> Iterator[Free]:
        """The same half hours, with those of one place that follow each other as one."""
        return stretches_of(self.free(zone=zone, now=now))

    @property
    def counted(self) -> int:
        """How many of the sessions shown take place or took place."""
        return sum(session.appointment.is_standing for session in self.sessions)

    @property
    def is_worked(self) -> bool:
        return bool(self.work or self.sessions)

    @property
    def is_open(self) -> bool:
        """Whether any of the hours worked is left beside leave and what is closed."""
        off = sorted((a.starts_at.astimezone(UTC), a.ends_at.astimezone(UTC)) for a in self.away if not a.goes_on)
        for work in self.work:
            at, until = work.starts_at.astimezone(UTC), work.ends_at.astimezone(UTC)
            for begins, ends in off:
                if begins <= at < ends:
                    at = ends
            if at < until:
                return True
        return False

    def trace(self) -> tuple[object, ...]:
        """All that a page draws of the day, as plain values: while they are the same, so is the page.

        Weekly hours, places and people are not in it: they are kept, and have the stamp of what is kept.
        """
        away = [(a.starts_at, a.ends_at, a.slot.label) for a in self.away]
        busy = [(e.starts_at, e.ends_at, e.as_of) for e in self.elsewhere]
        extra = [(w.starts_at, w.ends_at, w.location.pk) for w in self.work if w.slot]
        sessions = [(*s.appointment[:-1], s.appointment.location.pk, s.minute, s.minutes) for s in self.sessions]
        hidden = [(h.appointment.occupied_from, h.appointment.occupied_until) for h in self.hidden]
        return (self.psychologist.pk, self.day, sessions, hidden, away, busy, extra)


def _touches(taken: Iterable[tuple[datetime, datetime]], begins: datetime, ends: datetime) -> bool:
    """Whether anything of what is taken lies in a stretch."""
    return any(other < ends and begins < end for other, end in taken)


def stretches_of(halves: Iterable[Free]) -> Iterator[Free]:
    """Half hours in order of time, with those of one place that follow each other as one."""
    whole: Free | None = None
    for half in halves:
        follows = whole and whole.ends_at.astimezone(UTC) == half.starts_at.astimezone(UTC)
        if whole and follows and half.location == whole.location:
            minutes, books_at = whole.minutes + half.minutes, whole.books_at or half.books_at
            whole = replace(whole, ends_at=half.ends_at, minutes=minutes, books_at=books_at)
            continue
        if whole:
            yield whole
        whole = half
    if whole:
        yield whole


def day(
    psychologists: Iterable[Psychologist], day: date, *, zone: tzinfo, now: datetime, cancelled: bool = False
) -> list[DiaryDay]:
    """One day, a psychologist a column, in the order they were given."""
    return columns(psychologists, first_day=day, days=1, zone=zone, now=now, cancelled=cancelled)


def week(
    psychologist: Psychologist, first_day: date, *, zone: tzinfo, now: datetime, cancelled: bool = False, days: int = 7
) -> list[DiaryDay]:
    """Seven days of one psychologist, a day a column."""
    return columns([psychologist], first_day=first_day, days=days, zone=zone, now=now, cancelled=cancelled)


def columns(
    psychologists: Iterable[Psychologist],
    *,
    first_day: date,
    days: int,
    zone: tzinfo,
    now: datetime,
    cancelled: bool = False,
    only: Only = EVERYTHING,
    also: Combinable | None = None,
) -> list[DiaryDay]:
    """Every day of everybody: first the days, within them the people as given.

    Days are those of `zone`. Holds that ran out don't come, cancelled sessions only if asked for. Of sessions that
    `only` leaves out the time is kept, so that it is not taken for free. `also` asks something else of every session
    along with it, in the same statement.
    """
    people = list(psychologists)
    calendar = [CalendarDay(first_day + timedelta(days=n), zone) for n in range(days)]
    found = [[DiaryDay(person, one.day) for person in people] for one in calendar]
    place = {person.pk: i for i, person in enumerate(people)}
    start, end = calendar[0].start, calendar[-1].end

    locations, hours = kept.places(), weekly_hours()
    slots = [rows.as_slot(row) for row in rows.whole_slots(list(place), start, end)]
    for row in slots:
        row.location = locations.get(row.location_id) if row.location_id else None

    around = timedelta(days=1)
    off = closed.holidays(first_day - around, calendar[-1].day + around)
    shut = closed.shut_between(start, end)
    for whose in place:
        for span, location_id in working_spans(
            hours=hours.get(whose, ()), first_day=first_day - around, last_day=calendar[-1].day + around
        ):
            if only.location not in (None, location_id):
                continue
            holiday = off[location_id].get(locations[location_id].day_of(span.start), "")
            for i, cut in cuts(calendar, span.start, span.end):
                if holiday:
                    closed_at = locations[location_id]
                    found[i][place[whose]].away.append(Away(*cut, slot=unworked(holiday), location=closed_at))
                else:
                    found[i][place[whose]].work.append(Work(*cut, location=locations[location_id]))
    for slot in slots:
        for i, cut in cuts(calendar, slot.starts_at, slot.ends_at):
            column = found[i][place[slot.psychologist_id]]
            if slot.kind == TimeSlot.Kind.BLOCKED:
                column.away.append(Away(*cut, slot=slot))
            elif slot.location is not None and only.location in (None, slot.location.pk):
                column.work.append(Work(*cut, location=slot.location, slot=slot))
    for whose, busy in with_age(list(place), start=start, end=end, now=now):
        for i, cut in cuts(calendar, busy.starts_at, busy.ends_at):
            found[i][place[whose]].elsewhere.append(Elsewhere(*cut, as_of=busy.as_of))
    for session in _booked(place, start, end, now=now, cancelled=cancelled or only.asks_for_cancelled, also=also):
        for i, cut in cuts(calendar, session.starts_at, session.ends_at):
            column = found[i][place[session.psychologist_id]]
            kept_in = column.sessions if only.shows(session) else column.hidden
            kept_in.append(Session(*cut, appointment=session))
    for column in (one for line in found for one in line):
        column.away.extend(_while_shut(column.work, shut, calendar))
        column.work.sort(key=lambda work: (work.starts_at.astimezone(UTC), work.ends_at.astimezone(UTC)))
    return [one for line in found for one in line]


def unworked(label: str) -> TimeSlot:
    """Time that nobody works, whatever it is for."""
    return TimeSlot(kind=TimeSlot.Kind.BLOCKED, label=label)


def _while_shut(
    work: Iterable[Work], shut: Mapping[int, Sequence[closed.Shut]], calendar: list[CalendarDay]
) -> Iterator[Away]:
    """The parts of hours at which their place is shut, each once."""
    seen: set[tuple[datetime, datetime, str]] = set()
    for hours in work:
        for each in shut.get(hours.location.pk, ()):
            begins = max(hours.starts_at.astimezone(UTC), each.starts_at)
            ends = min(hours.ends_at.astimezone(UTC), each.ends_at)
            if begins < ends and (begins, ends, each.words) not in seen:
                seen.add((begins, ends, each.words))
                for _i, cut in cuts(calendar, begins, ends):
                    yield Away(*cut, slot=unworked(each.words), location=hours.location, goes_on=bool(each.modes))


def _booked(
    psychologists: Iterable[int],
    start: datetime,
    end: datetime,
    *,
    now: datetime,
    cancelled: bool,
    also: Combinable | None,
) -> Iterator[Booked]:
    locations, services, rooms = kept.places(), kept.services(), kept.room_names()
    for row in rows.sessions(list(psychologists), start, end, now=now, cancelled=cancelled, also=also):
        code, whose, status, mode, begins, ends, confirmed_at, service, room, location = row[:10]
        preferred, first, last, position, sessions, occupied_from, occupied_until, patient, asked = row[10:]
        yield Booked(
            code,
            whose,
            status,
            mode,
            begins,
            ends,
            confirmed_at is not None,
            full_name(preferred or first, last) if first is not None else "",
            services[service].name,
            room,
            rooms[room] if room else "",
            which_of(position, sessions),
            occupied_from,
            occupied_until,
            patient,
            service,
            bool(asked),
            locations[location],
        )
