"""What a week of somebody comes to: their hours with all that is dated, cut into what is open and what is not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple

from django.utils import timezone

from portal.appointments import closed
from portal.appointments.closed import Shut
from portal.appointments.models import TimeSlot, WorkingHours
from portal.appointments.models.hours import DAY_MINUTES, end_minute
from portal.clinic.kept import places
from portal.clinic.models import Location, Mode

A_DAY = timedelta(days=1)


class Why(StrEnum):
    """What a piece of a day is."""

    WEEKLY = "weekly"
    EXTRA = "extra"
    AWAY = "away"
    CLOSED = "closed"


class Piece(NamedTuple):
    """Some of a day, in minutes of the wall clock of its place. `modes` are the ways that it is for; none is every way.

    `label` is what the time away or the closed day is called.
    """

    starts: int
    ends: int
    place: Location
    why: Why
    modes: tuple[Mode, ...] = ()
    label: str = ""

    @property
    def is_open(self) -> bool:
        """Whether sessions can be booked in it."""
        return self.why in (Why.WEEKLY, Why.EXTRA)


@dataclass(slots=True)
class WorkedDay:
    """A day of the week: its pieces in order, and what it is called that closes it or keeps them away."""

    day: date
    pieces: list[Piece] = field(default_factory=list)
    away: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)

    @property
    def minutes(self) -> int:
        """How much of it can be booked."""
        return sum(piece.ends - piece.starts for piece in self.pieces if piece.is_open)


def days_of(
    monday: date,
    *,
    hours: Iterable[WorkingHours],
    slots: Sequence[TimeSlot],
    ways: Sequence[Mode],
    usual: Location | None = None,
) -> list[WorkedDay]:
    """The seven days from `monday`, by hours that need not be stored, and what is dated. No query.

    `ways` are those that they offer, which hours that name none are for.

    Time away wins over everything, a closure over extra hours, and a public holiday over weekly hours alone. Time away
    on a day without hours is named on the clock of the `usual` place.
    """
    week, start = list(hours), datetime.combine(monday, time(), UTC)
    last = monday + timedelta(days=6)
    off = closed.holidays(monday, last)
    # No zone's week begins or ends further than this from another's.
    shut = closed.shut_between(start - A_DAY, start + 8 * A_DAY)
    found = []
    for day in (monday + timedelta(days=n) for n in range(7)):
        one = WorkedDay(day)
        for piece in sorted(_planned(day, week, slots), key=lambda piece: (piece.starts, piece.place.pk)):
            holiday = off[piece.place.pk].get(day, "") if piece.why == Why.WEEKLY else ""
            if holiday:
                one.pieces.append(piece._replace(why=Why.CLOSED, label=holiday))
                continue
            blocks = [*_away(day, piece.place, slots), *_shut(day, piece.place, shut)]
            one.pieces += _cut(piece, sorted(blocks), ways)
        labels = [piece.label for piece in one.pieces if piece.why == Why.CLOSED]
        there = {piece.place.pk: piece.place for piece in one.pieces}
        labels += [block.label for where in there.values() for block in _shut(day, where, shut) if block.modes]
        one.closed = list(dict.fromkeys(labels))
        wheres = there or ({usual.pk: usual} if usual else {})
        away = (block.label for where in wheres.values() for block in _away(day, where, slots))
        one.away = list(dict.fromkeys(away))
        found.append(one)
    return found


class _Block(NamedTuple):
    """Minutes of a day in which nobody can be booked, and why."""

    starts: int
    ends: int
    why: Why
    label: str
    # The ways of meeting that it stops; none is every way.
    modes: tuple[str, ...] = ()


def _planned(day: date, hours: Iterable[WorkingHours], slots: Iterable[TimeSlot]) -> Iterator[Piece]:
    """The weekly hours and the extra hours of a day at places in use."""
    for window in hours:
        if window.is_worked_on(day) and window.location.is_active:
            starts = window.starts.hour * 60 + window.starts.minute
            yield Piece(starts, end_minute(window.ends), window.location, Why.WEEKLY, tuple(window.modes))
    for slot in slots:
        if slot.kind == TimeSlot.Kind.EXTRA and slot.location_id is not None:
            place = places()[slot.location_id]
            if place.is_active and (span := _minutes(day, place, slot.starts_at, slot.ends_at)):
                yield Piece(*span, place, Why.EXTRA)


def _away(day: date, place: Location, slots: Iterable[TimeSlot]) -> Iterator[_Block]:
    for slot in slots:
        if slot.kind == TimeSlot.Kind.BLOCKED and (span := _minutes(day, place, slot.starts_at, slot.ends_at)):
            yield _Block(*span, Why.AWAY, slot.label)


def _shut(day: date, place: Location, shut: Mapping[int, Sequence[Shut]]) -> Iterator[_Block]:
    for stretch in shut.get(place.pk, ()):
        if span := _minutes(day, place, stretch.starts_at, stretch.ends_at):
            yield _Block(*span, Why.CLOSED, stretch.words, stretch.modes)


def _minutes(day: date, place: Location, starts_at: datetime, ends_at: datetime) -> tuple[int, int] | None:
    """What of this time falls on the day, in minutes as the clocks of the place show them; None for nothing."""
    midnight = datetime.combine(day, time())
    begins, ends = (
        min(max(timezone.make_naive(at, place.zone), midnight), midnight + A_DAY) for at in (starts_at, ends_at)
    )
    starts, until = ((at - midnight) // timedelta(minutes=1) for at in (begins, ends))
    return (starts, until) if starts < until <= DAY_MINUTES else None


def _stopped(piece: Piece, block: _Block, ways: Sequence[Mode]) -> Piece:
    """What a block leaves of the piece in its time: the ways that it does not stop, or nothing."""
    left = tuple(way for way in piece.modes or ways if block.modes and way not in block.modes)
    return piece._replace(modes=left) if left else piece._replace(why=block.why, label=block.label)


def _cut(piece: Piece, blocks: Iterable[_Block], ways: Sequence[Mode]) -> Iterator[Piece]:
    """A piece with these blocks taken out of it: what is left, and what is taken, in order."""
    at = piece.starts
    for block in blocks:
        begins, ends = max(block.starts, at), min(block.ends, piece.ends)
        if begins >= ends:
            continue
        if at < begins:
            yield piece._replace(starts=at, ends=begins)
        yield _stopped(piece, block, ways)._replace(starts=begins, ends=ends)
        at = ends
    if at < piece.ends:
        yield piece._replace(starts=at)
