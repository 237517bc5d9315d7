"""When psychologists are busy elsewhere, as openings and calendars ask it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet

from portal.appointments.models import OutsideBusy
from portal.appointments.models.outside import is_stale
from portal.appointments.openings import Span
from portal.common.database.compiled import compiled


def busy_elsewhere(psychologists: Collection[int], *, start: datetime, end: datetime) -> dict[int, list[Span]]:
    """Times that touch `start` to `end`, by the psychologist's id. One query, however many are asked about."""
    found: defaultdict[int, list[Span]] = defaultdict(list)
    for whose, starts_at, ends_at in _times(psychologists, start, end):
        found[whose].append(Span(starts_at, ends_at))
    return found


class Busy(NamedTuple):
    """A time at which somebody is busy elsewhere, aware UTC.

    `as_of` is when their calendar was last read, where that is too long ago to be relied upon; otherwise None.
    """

    starts_at: datetime
    ends_at: datetime
    as_of: datetime | None


def with_age(
    psychologists: Collection[int], *, start: datetime, end: datetime, now: datetime
) -> list[tuple[int, Busy]]:
    """The same as `busy_elsewhere` for whoever looks at them: with the psychologist's id, in order. One query."""
    return [
        (whose, Busy(starts_at, ends_at, read_at if is_stale(problem, read_at, now=now) else None))
        for whose, starts_at, ends_at, problem, read_at in _times_and_calendars(psychologists, start, end)
    ]


def is_busy_elsewhere(psychologist: int, *, start: datetime, end: datetime) -> bool:
    """Whether somebody has something else on for a part of this time. One query."""
    return OutsideBusy.objects.filter(psychologist=psychologist, ends_at__gt=start, starts_at__lt=end).exists()


def _touching(psychologists: Collection[int], start: datetime, end: datetime) -> QuerySet[OutsideBusy]:
    rows = OutsideBusy.objects.filter(psychologist__in=psychologists, ends_at__gt=start, starts_at__lt=end)
    return rows.order_by("starts_at", "pk")


@compiled
def _times(
    psychologists: Collection[int], start: datetime, end: datetime
) -> QuerySet[OutsideBusy, tuple[int, datetime, datetime]]:
    return _touching(psychologists, start, end).values_list("psychologist", "starts_at", "ends_at")


@compiled
def _times_and_calendars(
    psychologists: Collection[int], start: datetime, end: datetime
) -> QuerySet[OutsideBusy, tuple[int, datetime, datetime, str, datetime | None]]:
    return _touching(psychologists, start, end).values_list(
        "psychologist", "starts_at", "ends_at", "calendar__problem", "calendar__read_at"
    )
