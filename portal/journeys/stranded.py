"""Booked sessions that can't be held as they are: nobody, no place, no room or no hours are there for them any more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from copy import copy
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from portal.accounts.models import Grant
from portal.accounts.roles import Role
from portal.appointments import closed, states
from portal.appointments.hours import weekly_hours
from portal.appointments.models import Appointment, TimeSlot
from portal.appointments.openings import Span, working_spans
from portal.appointments.outside.taken import busy_elsewhere
from portal.clinic import kept
from portal.clinic.models import ClinicSettings, Location, Mode, Psychologist, Room
from portal.journeys.choosing import FreeTime
from portal.journeys.rearranging.proposing import Without, nearest


class StillBooked(Exception):
    """Sessions to come stand in the way of what somebody asked for, and nobody said that they know of these.

    `proposed` are the times to which they could go once it is done, by their ids, and `by_video` the ids of those that
    could be held at their own time by video.
    """

    def __init__(
        self,
        sessions: Sequence[Appointment],
        proposed: Mapping[int, FreeTime],
        by_video: Set[int] = frozenset(),
    ) -> None:
        super().__init__("sessions are booked")
        self.sessions, self.proposed, self.by_video = list(sessions), proposed, by_video

    @property
    def asked_for(self) -> int:
        """How many of them are only asked for."""
        return sum(session.is_request for session in self.sessions)

    @property
    def booked(self) -> int:
        """How many of them are booked."""
        return len(self.sessions) - self.asked_for


class Stranded(StrEnum):
    """Why a session can't be held as it is booked."""

    LEFT = "left"
    CLOSED = "closed"
    ROOM = "room"
    AWAY = "away"
    # Of what is asked for alone: a session that is booked outside the hours was agreed to, or its work says so, and one
    # of what is offered no more is held as it was booked.
    OFF = "off"
    HOURS = "hours"
    BUSY = "busy"


def digest_of(sessions: Iterable[Appointment]) -> str:
    """Names these sessions, whoever lists them: with it a page says which ones it showed. Empty for none."""
    codes = sorted(str(session.code) for session in sessions)
    return sha256(" ".join(codes).encode()).hexdigest()[:32] if codes else ""


def ask_about(
    sessions: Sequence[Appointment],
    *,
    knowing: str | None,
    now: datetime,
    to_move: Sequence[Appointment] | None = None,
) -> None:
    """Raises StillBooked unless whoever asks was shown these: `knowing` is their `digest_of`. None asks nobody.

    Call it when the change is written: what it raises undoes that, and until then the diary shows what would be free.
    Of the sessions only those `to_move` are proposed other times, where the rest needs none.
    """
    if knowing is not None and digest_of(sessions) not in ("", knowing):
        pks = [session.pk for session in sessions]
        whole = {session.pk: session for session in Appointment.objects.filter(pk__in=pks).for_listing()}
        moving = [whole[session.pk] for session in (sessions if to_move is None else to_move)]
        proposed = nearest(moving, now=now, clinic=ClinicSettings.current())
        raise StillBooked([whole[pk] for pk in pks], proposed, can_be_by_video(moving))


def is_asked_about(session: Appointment, *, now: datetime) -> bool:
    """Whether a change that closes its time asks about it: it is to come, booked or asked for and not answered yet."""
    return states.is_to_come(session, now=now) or (session.is_request and session.ends_at > now)


def can_be_by_video(sessions: Iterable[Appointment]) -> set[int]:
    """The ids of those in person that could be held at their own time by video: only the place is in the way.

    Two queries.
    """
    people, services, places = kept.psychologists(), kept.services(), kept.places()
    there = [
        session
        for session in sessions
        if session.mode == Mode.IN_PERSON
        and session.is_booked
        and places[session.location_id].is_active
        and services[session.service_id].is_active
        and people[session.psychologist_id].is_active
        and not people[session.psychologist_id].has_left
        and Mode.VIDEO in people[session.psychologist_id].modes_for(services[session.service_id])
    ]
    by_video = [copy(session) for session in there]
    for session in by_video:
        session.mode = Mode.VIDEO
    return {session.pk for session in by_video} - away(by_video) - outside_hours(by_video)


def requests_in_the_way(requests: Iterable[Appointment]) -> dict[int, Stranded]:
    """By their ids, which of these requests can't be confirmed as they are, and why. Four queries at most.

    Nobody agreed to what stands outside the hours: they were within them when it was asked for.
    """
    asked = list(requests)
    found = dict.fromkeys(not_offered(asked), Stranded.OFF)
    found |= dict.fromkeys(busy_then(asked), Stranded.BUSY)
    found |= dict.fromkeys(outside_hours(asked), Stranded.HOURS)
    found |= dict.fromkeys(away(asked), Stranded.AWAY)
    found |= dict.fromkeys(in_closed_rooms(asked), Stranded.ROOM)
    found |= dict.fromkeys(at_closed_places(asked), Stranded.CLOSED)
    return found | dict.fromkeys(with_who_left(asked), Stranded.LEFT)


def asked_of_leaving(psychologist: Psychologist, *, now: datetime) -> StillBooked:
    """What would be asked if somebody left: their sessions to come, and times for these with their colleagues."""
    return _asked_ahead(left_with(psychologist, now=now), Without(people={psychologist.pk}), now=now)


def asked_of_closing(location: Location, *, now: datetime) -> StillBooked:
    """What would be asked if a place closed: the sessions in person there, and times for these elsewhere."""
    return _asked_ahead(left_at(location, now=now), Without(places={location.pk}), now=now)


def _asked_ahead(sessions: Sequence[Appointment], without: Without, *, now: datetime) -> StillBooked:
    return StillBooked(sessions, nearest(sessions, now=now, clinic=ClinicSettings.current(), without=without))


def left_with(psychologist: Psychologist, *, now: datetime) -> list[Appointment]:
    """What is booked with somebody who leaves, or asked for, soonest first, each with its patient and place."""
    return list(Appointment.objects.filter(psychologist=psychologist).coming_or_asked_for(now=now).for_listing())


def left_at(location: Location, *, now: datetime) -> list[Appointment]:
    """That for which people would go to a place that closes, soonest first."""
    there = Appointment.objects.filter(location=location, mode=Mode.IN_PERSON)
    return list(there.coming_or_asked_for(now=now).for_listing())


def left_in(room: Room, *, now: datetime) -> list[Appointment]:
    """That which has a room that is taken out of use, soonest first."""
    return list(Appointment.objects.filter(room=room).coming_or_asked_for(now=now).for_listing())


def away(sessions: Sequence[Appointment]) -> set[int]:
    """Of these sessions, the ids of those that touch time away of their psychologist, or days on which their place is
    closed. One query."""
    if not sessions:
        return set()
    shut = {s.pk for s in sessions if closed.closed_on(s.location_id, s.starts_at, s.ends_at, mode=s.mode)}
    first, last = min(s.starts_at for s in sessions), max(s.ends_at for s in sessions)
    of_them = TimeSlot.objects.away().filter(psychologist__in={s.psychologist_id for s in sessions})
    slots = list(of_them.between(first, last).order_by().values_list("psychologist", "starts_at", "ends_at"))
    return shut | {
        session.pk
        for session in sessions
        if any(
            whose == session.psychologist_id and starts_at < session.ends_at and ends_at > session.starts_at
            for whose, starts_at, ends_at in slots
        )
    }


def not_offered(sessions: Iterable[Appointment]) -> set[int]:
    """Of these sessions, the ids of those whose psychologist takes no bookings of their service in their way any more,
    or whose service is out of use. No query."""
    people, services = kept.psychologists(), kept.services()
    return {
        s.pk
        for s in sessions
        if not services[s.service_id].is_active
        or not people[s.psychologist_id].is_active
        or not kept.is_named(s.psychologist_id, services[s.service_id])
        or s.mode not in people[s.psychologist_id].modes_for(services[s.service_id])
    }


def with_who_left(sessions: Iterable[Appointment]) -> set[int]:
    """Of these sessions, the ids of those whose psychologist has no account, or is no psychologist here, any more.

    One query, and only about people whose profile is off the website.
    """
    rows, people = list(sessions), kept.psychologists()
    gone = {pk for pk in {s.psychologist_id for s in rows} if people[pk].has_left}
    retired = {s.psychologist_id for s in rows if not people[s.psychologist_id].is_active} - gone
    if retired:
        holding = Grant.objects.in_force().filter(role=Role.PSYCHOLOGIST, user__psychologist__in=retired)
        gone |= retired - set(holding.values_list("user__psychologist", flat=True))
    return {session.pk for session in rows if session.psychologist_id in gone}


def at_closed_places(sessions: Iterable[Appointment]) -> set[int]:
    """Of these sessions, the ids of those in person at a place that is out of use. No query."""
    places = kept.places()
    return {s.pk for s in sessions if s.mode == Mode.IN_PERSON and not places[s.location_id].is_active}


def in_closed_rooms(sessions: Iterable[Appointment]) -> set[int]:
    """Of these sessions, the ids of those that have a room which is out of use. No query."""
    in_use = {room for ids in kept.rooms().values() for room in ids}
    return {s.pk for s in sessions if s.room_id is not None and s.room_id not in in_use}


def outside_hours(sessions: Sequence[Appointment]) -> set[int]:
    """Of these sessions, the ids of those that stand outside the hours of their psychologist, where and how they are
    held. One query.

    A session may stand there because somebody agreed to it: that it was stranded by a change, whoever changes says.
    """
    if not sessions:
        return set()
    first, last = min(s.starts_at for s in sessions), max(s.ends_at for s in sessions)
    extra = TimeSlot.objects.filter(kind=TimeSlot.Kind.EXTRA, psychologist__in={s.psychologist_id for s in sessions})
    dated: defaultdict[tuple[int, int | None], list[Span]] = defaultdict(list)
    for whose, where, starts_at, ends_at in extra.between(first, last).values_list(
        "psychologist", "location", "starts_at", "ends_at"
    ):
        dated[whose, where].append(Span(starts_at, ends_at))
    return {s.pk for s in sessions if not _is_within(s, dated[s.psychologist_id, s.location_id])}


def _is_within(session: Appointment, extra: Sequence[Span]) -> bool:
    """Whether somebody works at its place in its way from its start to its end, by weekly hours or `extra` ones."""
    windows = [
        hours
        for hours in weekly_hours().get(session.psychologist_id, ())
        if hours.location_id == session.location_id and (not hours.modes or session.mode in hours.modes)
    ]
    day, around = kept.places()[session.location_id].day_of(session.starts_at), timedelta(days=1)
    weekly = working_spans(hours=windows, first_day=day - around, last_day=day + around)
    until = session.starts_at
    for span in sorted([*extra, *(span for span, _place in weekly)], key=lambda span: span.start):
        if span.start <= until < span.end:
            until = span.end
    return until >= session.ends_at


def busy_then(sessions: Sequence[Appointment]) -> set[int]:
    """Of these sessions, the ids of those at which their psychologist has something on in another calendar. One query.

    They can be held all the same: whoever knows what it is decides.
    """
    if not sessions:
        return set()
    first, last = min(s.starts_at for s in sessions), max(s.ends_at for s in sessions)
    busy = busy_elsewhere({s.psychologist_id for s in sessions}, start=first, end=last)
    return {
        session.pk
        for session in sessions
        for span in busy.get(session.psychologist_id, ())
        if span.start < session.ends_at and span.end > session.starts_at
    }


def stranded(sessions: Iterable[Appointment], *, now: datetime) -> dict[int, Stranded]:
    """By their ids, which of these sessions to come can't be held as they are, and why. Two queries at most."""
    to_come = [session for session in sessions if states.is_to_come(session, now=now)]
    found = dict.fromkeys(away(to_come), Stranded.AWAY)
    found |= dict.fromkeys(in_closed_rooms(to_come), Stranded.ROOM)
    found |= dict.fromkeys(at_closed_places(to_come), Stranded.CLOSED)
    return found | dict.fromkeys(with_who_left(to_come), Stranded.LEFT)
