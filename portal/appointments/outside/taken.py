"""When psychologists are busy elsewhere, as openings ask it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from portal.appointments.models import OutsideBusy
from portal.appointments.openings import Span


def busy_elsewhere(psychologists: Collection[int], *, start: datetime, end: datetime) -> dict[int, list[Span]]:
    """Times that touch `start` to `end`, by the psychologist's id. One query, however many are asked about."""
    found: defaultdict[int, list[Span]] = defaultdict(list)
    rows = OutsideBusy.objects.filter(psychologist__in=psychologists, ends_at__gt=start, starts_at__lt=end)
    for whose, starts_at, ends_at in rows.order_by("starts_at").values_list("psychologist", "starts_at", "ends_at"):
        found[whose].append(Span(starts_at, ends_at))
    return found


def is_busy_elsewhere(psychologist: int, *, start: datetime, end: datetime) -> bool:
    """Whether somebody has something else on for a part of this time. One query."""
    return OutsideBusy.objects.filter(psychologist=psychologist, ends_at__gt=start, starts_at__lt=end).exists()
