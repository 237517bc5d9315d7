"""When places are closed: on public holidays, and while the clinic or one of them is shut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from django.utils.translation import gettext

from portal.appointments.models import Appointment, Closure
from portal.appointments.openings import Span
from portal.clinic.holidays import holidays_at
from portal.clinic.kept import places
from portal.clinic.models import Mode
from portal.common.kept import kept
from portal.common.languages.punctuation import listed


@kept(Closure)
def closures() -> Sequence[Closure]:
    """Every closure, past ones too, in order of their first days."""
    return list(Closure.objects.order_by("first_day", "pk"))


class Shut(NamedTuple):
    """A stretch of time in which a place is closed, aware UTC, and what it is called."""

    starts_at: datetime
    ends_at: datetime
    label: str
    # The ways of meeting that it closes; none is every way.
    modes: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """What it is called, for staff: `Painters`, or where some ways go on `Painters (in person only)`."""
        if not self.modes:
            return self.label
        ways = listed(str(Mode(mode).label).lower() for mode in self.modes)
        return gettext("%(why)s (%(ways)s only)") % {"why": self.label, "ways": ways}

    def closes(self, ways: Iterable[str]) -> bool:
        """Whether nobody can be met in any of these ways in it."""
        return not self.modes or all(way in self.modes for way in ways)


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
                yield Shut(begins, ends, closure.label, tuple(closure.modes))


def spans(shut: Mapping[int, Sequence[Shut]], ways: Sequence[str]) -> dict[int, list[Span]]:
    """Those of them in which nobody is met in any of `ways`, as `openings()` is asked with them."""
    return {
        pk: [Span(each.starts_at, each.ends_at) for each in stretches if each.closes(ways)]
        for pk, stretches in shut.items()
    }


def is_by_way(shut: Mapping[int, Sequence[Shut]]) -> bool:
    """Whether some of them close some ways of meeting and not the others."""
    return any(each.modes for stretches in shut.values() for each in stretches)


def is_within(closure: Closure, session: Appointment) -> bool:
    """Whether some of a session stands in a closure of its place, on that place's clock."""
    if not closure.is_of(session.location_id) or not closure.closes(session.mode):
        return False
    begins, ends = closure.between(places()[session.location_id].zone)
    return begins < session.ends_at and ends > session.starts_at


def closed_on(location_id: int, starts_at: datetime, ends_at: datetime, *, mode: str) -> str:
    """What a place is closed for at some of this time, to people met in this way; empty where it is not.

    Public holidays are not asked about.
    """
    return next((each.label for each in _shut(location_id, starts_at, ends_at) if each.closes([mode])), "")


def closure_words(location_id: int, starts_at: datetime, ends_at: datetime, *, mode: str) -> str:
    """The same for staff, with the ways of meeting where it closes some (`Shut.words`)."""
    return next((each.words for each in _shut(location_id, starts_at, ends_at) if each.closes([mode])), "")


def holiday_on(location_id: int, moment: datetime) -> str:
    """The name of the public holiday that closes a place on the day of this moment; empty for none."""
    day = places()[location_id].day_of(moment.astimezone(UTC))
    return holidays_at(places()[location_id], first_day=day, last_day=day).get(day, "")
