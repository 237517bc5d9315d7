"""Who sits where: the sessions of one day by the room that they take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta, tzinfo

from portal.appointments import closed
from portal.appointments.calendar_days import CalendarDay, cuts
from portal.appointments.calendars import Away, DiaryDay, Session, Work, unworked
from portal.clinic import kept
from portal.clinic.models import Location, Mode, Room


@dataclass(frozen=True, slots=True)
class RoomDay:
    """One day of one room, or of the people at a place who have none: then `room` is None.

    `work` are the hours of everybody who works at the place, each list in order of time.
    """

    room: Room | None
    location: Location
    day: date
    sessions: list[Session] = field(default_factory=list)
    work: list[Work] = field(default_factory=list)
    away: list[Away] = field(default_factory=list)


def by_room(days: Iterable[DiaryDay], day: date, *, zone: tzinfo, only_at: Location | None = None) -> list[RoomDay]:
    """Every room in use, place by place, and any other that is taken on that day; asks the database nothing.

    After a place's rooms come those whom people see there without one, where there are any: as many columns as keep two
    sessions beside each other at most. Video and phone take no room.
    """
    days = list(days)
    taken: defaultdict[int, list[Session]] = defaultdict(list)
    without: defaultdict[int, list[Session]] = defaultdict(list)
    for session in sorted((s for one in days for s in one.sessions), key=lambda s: s.appointment.starts_at):
        if (room := session.appointment.room_id) is not None:
            taken[room].append(session)
        elif session.appointment.mode == Mode.IN_PERSON:
            without[session.appointment.location.pk].append(session)
    work: defaultdict[int, list[Work]] = defaultdict(list)
    for hours in (work for one in days for work in one.work):
        work[hours.location.pk].append(hours)
    for each in work.values():
        each.sort(key=lambda hours: hours.starts_at)
    rooms: defaultdict[int, list[Room]] = defaultdict(list)
    for one in kept.every_room():
        rooms[one.location_id].append(one)

    found = []
    for place in kept.places().values():
        if only_at is not None and only_at.pk != place.pk:
            continue
        columns: list[tuple[Room | None, list[Session]]] = [
            (room, taken[room.pk]) for room in rooms[place.pk] if taken[room.pk] or (room.is_active and place.is_active)
        ]
        columns += [(None, sessions) for sessions in _two_abreast(without[place.pk])]
        if columns:
            away = list(_closed(place, day, zone))
            found += [RoomDay(room, place, day, sessions, work[place.pk], away) for room, sessions in columns]
    return found


def roomless(days: Iterable[DiaryDay]) -> int:
    """How many sessions are held by video or phone, and take no room."""
    return sum(
        s.appointment.room_id is None and s.appointment.mode != Mode.IN_PERSON for one in days for s in one.sessions
    )


def _two_abreast(sessions: Sequence[Session]) -> list[list[Session]]:
    """The sessions in as few lists as leave at most two of each at any time."""
    lists: list[list[Session]] = []
    for session in sessions:
        starts_at = session.appointment.starts_at
        for each in lists:
            if sum(other.appointment.ends_at > starts_at for other in each) < 2:
                each.append(session)
                break
        else:
            lists.append([session])
    return lists


def _closed(place: Location, day: date, zone: tzinfo) -> Iterator[Away]:
    """When on that day a place is closed, and why."""
    one = CalendarDay(day, zone)
    stretches = closed.shut_between(one.start, one.end).get(place.pk, ())
    shut = [each for each in stretches if each.closes([Mode.IN_PERSON])]
    # The place's own days: its clock may be another than the calendar's.
    around = [day + timedelta(days=n) for n in (-1, 0, 1)]
    holidays = closed.holidays(around[0], around[-1])[place.pk]
    for theirs in (CalendarDay(each, place.zone) for each in around if each in holidays):
        shut.append(closed.Shut(theirs.start, theirs.end, holidays[theirs.day]))
    for stretch in shut:
        for _i, cut in cuts([one], stretch.starts_at, stretch.ends_at):
            yield Away(*cut, slot=unworked(stretch.label), location=place)
