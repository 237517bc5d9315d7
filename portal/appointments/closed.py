"""When places are closed: on public holidays, and while the clinic or one of them is shut."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from portal.appointments.models import Appointment, Closure
from portal.appointments.openings import Span
from portal.clinic.holidays import holidays_at
from portal.clinic.kept import places
from portal.common.kept import kept


@kept(Closure)
def closures() -> Sequence[Closure]:
    """Every closure, past ones too, in order of their first days."""
    return list(Closure.objects.order_by("first_day", "pk"))


class Shut(NamedTuple):
    """A stretch of time in which a place is closed, aware UTC, and what it is called."""

    starts_at: datetime
    ends_at: datetime
    label: str


def holidays(first_day: date, last_day: date) -> Mapping[int, Mapping[date, str]]:
    """By the ids of places, the public holidays on which each is closed: at least those of these days. No query."""
    return {pk: holidays_at(place, first_day=first_day, last_day=last_day) for pk, place in places().items()}


def shut_between(start: datetime, end: datetime) -> Mapping[int, Sequence[Shut]]:
    """By the ids of places, the closures of each that touch this time, in order; a place with none is not in it."""
    found = {pk: list(_shut(pk, start, end)) for pk in places()} if closures() else {}
    return {pk: stretches for pk, stretches in found.items() if stretches}


def _shut(location_id: int, start: datetime, end: datetime) -> Iterator[Shut]:
    zone = places()[location_id].zone
    near = timedelta(days=2)
    for closure in closures():
        # Its days are of some zone's: what is far from them needs no clock.
        if closure.first_day > (end + near).date() or closure.last_day < (start - near).date():
            continue
        if closure.is_of(location_id):
            begins, ends = closure.between(zone)
            if begins < end and ends > start:
                yield Shut(begins, ends, closure.label)


def spans(shut: Mapping[int, Sequence[Shut]]) -> dict[int, list[Span]]:
    """The same as `openings()` is asked with it."""
    return {pk: [Span(each.starts_at, each.ends_at) for each in stretches] for pk, stretches in shut.items()}


def is_within(closure: Closure, session: Appointment) -> bool:
    """Whether some of a session stands in a closure of its place, on that place's clock."""
    if not closure.is_of(session.location_id):
        return False
    begins, ends = closure.between(places()[session.location_id].zone)
    return begins < session.ends_at and ends > session.starts_at


def closed_on(location_id: int, starts_at: datetime, ends_at: datetime) -> str:
    """What a place is closed for at some of this time, in words; empty where it is not, but by public holidays."""
    return next((each.label for each in _shut(location_id, starts_at, ends_at)), "")


def holiday_on(location_id: int, moment: datetime) -> str:
    """The name of the public holiday that closes a place on the day of this moment; empty for none."""
    day = places()[location_id].day_of(moment.astimezone(UTC))
    return holidays_at(places()[location_id], first_day=day, last_day=day).get(day, "")
