"""Hours that open, and are no session's own time: leave taken back, extra time, new weekly hours, a closure lifted,
something elsewhere that is gone. What else may stand in the way there, the openings say once somebody is asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, NamedTuple

from portal.appointments.freed import OpenedHours, hours_opened
from portal.appointments.hours import weekly_hours
from portal.appointments.models import TimeSlot, WaitlistEntry
from portal.appointments.openings import Hours, Span, working_spans
from portal.common.access.actors import Actor

# Who waits is helped by the soonest; whoever looks further ahead finds the rest among the free times.
AHEAD: Final = timedelta(weeks=8)
MOST: Final = 10


class Worked(NamedTuple):
    """Hours of somebody at a place, by its id."""

    span: Span
    location_id: int


def open_again(
    psychologists: Collection[int], spans: Iterable[Span], *, location: int | None = None, by: Actor, now: datetime
) -> None:
    """What of these spans lies in somebody's hours can be booked again; with a `location`, what lies there.

    A query if anybody waits, however many people are named.
    """
    wanted = _to_come(spans, now=now)
    if not wanted or not _anybody_waits():
        return
    extra = _extra_hours(psychologists, wanted)
    for pk in psychologists:
        worked = [*_weekly(weekly_hours().get(pk, ()), wanted), *extra[pk]]
        here = [each for each in worked if location in (None, each.location_id)]
        _tell(pk, _common(here, wanted), by=by, now=now)


def open_new_hours(
    psychologist: int, *, before: Sequence[Hours], after: Sequence[Hours], by: Actor, now: datetime
) -> None:
    """What is worked by the weekly hours `after` a change, and was not in the same ways before."""
    days = _to_come([Span(now, now + AHEAD)], now=now)
    if not _anybody_waits():
        return
    found: list[Worked] = []
    for window in after:
        known = [old for old in before if old.location_id == window.location_id and _covers(old, window)]
        worked_before = [each.span for each in _weekly(known, days)]
        for worked in _weekly([window], days):
            found += [Worked(span, worked.location_id) for span in without([worked.span], worked_before)]
    _tell(psychologist, _common(found, days), by=by, now=now)


def open_extra(psychologist: int, location: int, span: Span, *, by: Actor, now: datetime) -> None:
    """Extra hours can be booked from now on."""
    if _anybody_waits():
        _tell(psychologist, _common([Worked(span, location)], _to_come([span], now=now)), by=by, now=now)


def without(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """What is left of spans once others are taken out, in order."""
    left = sorted(spans, key=lambda span: span.start)
    for hole in taken:
        left = [
            piece
            for span in left
            for piece in (
                Span(span.start, min(span.end, hole.start)),
                Span(max(span.start, hole.end), span.end),
            )
            if piece.start < piece.end
        ]
    return left


def _tell(psychologist: int, opened: Iterable[Worked], *, by: Actor, now: datetime) -> None:
    soonest = sorted(opened, key=lambda each: (each.span.start, each.location_id))
    for span, location in islice(soonest, MOST):
        hours_opened(OpenedHours(psychologist, location, span.start, span.end), by=by, now=now)


def _anybody_waits() -> bool:
    return WaitlistEntry.objects.waiting().exists()


def _covers(old: Hours, new: Hours) -> bool:
    """Whether hours are for every way of meeting that others are for; none named is all."""
    return not old.modes or (bool(new.modes) and new.modes <= old.modes)


def _to_come(spans: Iterable[Span], *, now: datetime) -> list[Span]:
    soon, last = now.replace(second=0, microsecond=0) + timedelta(minutes=1), now + AHEAD
    cut = (Span(max(span.start, soon), min(span.end, last)) for span in spans)
    return [span for span in cut if span.start < span.end]


def _weekly(hours: Iterable[Hours], spans: Sequence[Span]) -> Iterator[Worked]:
    first, last = min(span.start for span in spans), max(span.end for span in spans)
    # No local day of any zone is further than one from the same day in UTC.
    near = timedelta(days=1)
    for span, location in working_spans(hours=hours, first_day=first.date() - near, last_day=last.date() + near):
        yield Worked(span, location)


def _extra_hours(psychologists: Collection[int], spans: Sequence[Span]) -> defaultdict[int, list[Worked]]:
    first, last = min(span.start for span in spans), max(span.end for span in spans)
    rows = TimeSlot.objects.filter(psychologist__in=psychologists, kind=TimeSlot.Kind.EXTRA).between(first, last)
    found: defaultdict[int, list[Worked]] = defaultdict(list)
    columns = ("psychologist", "location", "starts_at", "ends_at")
    for whose, location, starts_at, ends_at in rows.filter(location__is_active=True).values_list(*columns):
        found[whose].append(Worked(Span(starts_at, ends_at), location))
    return found


def _common(worked: Iterable[Worked], spans: Sequence[Span]) -> Iterator[Worked]:
    """What hours and spans share."""
    for each in worked:
        for span in spans:
            start, end = max(each.span.start, span.start), min(each.span.end, span.end)
            if start < end:
                yield Worked(Span(start, end), each.location_id)
