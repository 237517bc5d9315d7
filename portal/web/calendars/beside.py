"""What stands beside an empty time: the other starts in the free stretch around it, and who waits for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from django.urls import reverse

from portal.appointments import diary, waitlist
from portal.appointments.waitlist import FreeTime
from portal.clinic.models import ClinicSettings, Location, Psychologist
from portal.common.languages.times import clock, date_short, local_day
from portal.journeys import choosing

NAMED = 3


class Start(NamedTuple):
    """A start that can be booked instead; `query` says it in an address."""

    at: str
    query: str
    is_this: bool


class Stretch(NamedTuple):
    """Until when it is free around a time, and every start in it from which a session fits."""

    until: str
    starts: list[Start]


class Waiting(NamedTuple):
    """One whom a time would help, and the page that books it for them."""

    name: str
    born: str
    what: str
    urgent: bool
    url: str


class Waiters(NamedTuple):
    """How many wait for a time, and the first of them in turn."""

    total: int
    first: list[Waiting]


def stretch_around(psychologist: Psychologist, location: Location, starts_at: datetime, *, now: datetime) -> Stretch:
    """The free stretch that a time lies in, on its place's wall clock; no starts where it isn't free."""
    zone = location.zone
    (day,) = diary.day([psychologist], local_day(starts_at, zone), zone=zone, now=now)
    around = (s for s in day.stretches(zone=zone, now=now) if s.location == location)
    whole = next((s for s in around if s.starts_at <= starts_at < s.ends_at), None)
    if whole is None:
        return Stretch("", [])
    starts = [
        Start(
            clock(half.starts_at, zone),
            "?" + urlencode({"time": choosing.whose_time(half.starts_at, location, psychologist)}),
            half.starts_at == starts_at,
        )
        for half in day.free(zone=zone, now=now)
        if half.books_at and half.location == location and whole.starts_at <= half.starts_at < whole.ends_at
    ]
    return Stretch(clock(whole.ends_at, zone), starts)


def who_waits(psychologist: Psychologist, location: Location, starts_at: datetime, *, now: datetime) -> Waiters:
    """The desk's waitlist for one start: urgent first, then who waits longest."""
    clinic = ClinicSettings.current()
    free = FreeTime(psychologist, location, starts_at, starts_at + timedelta(minutes=clinic.slot_step_minutes))
    fits = waitlist.fitting(free, now=now, clinic=clinic, for_staff=True)
    value = choosing.whose_time(starts_at, location, psychologist)
    first = [
        Waiting(
            entry.patient.name,
            date_short(entry.patient.date_of_birth),
            f"{entry.service.name} · {mode.label}",
            entry.urgent,
            f"{reverse('reception:book_here', args=[entry.patient.code])}"
            f"?{urlencode({'time': value, 'service': entry.service.slug, 'mode': mode.value})}",
        )
        for entry, _opening, mode in fits[:NAMED]
    ]
    return Waiters(len(fits), first)
