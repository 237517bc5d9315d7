"""Which rows of the schedule nobody has looked at for a year: fees and limits change, and a row can't know that."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from portal.medicare.models import BetterAccessLimits, MbsItem

MONTHS = 12


def oldest_fresh(today: date) -> date:
    """The day twelve months before `today`: what was last heard of before it is old."""
    try:
        return today.replace(year=today.year - 1)
    except ValueError:  # 29 February
        return date(today.year - 1, 2, 28)


def old_items(items: Iterable[MbsItem], *, today: date) -> list[MbsItem]:
    """Of rows in force, those whose newest word is older than twelve months."""
    return [item for item in items if item.known_since < oldest_fresh(today)]


def limits_are_old(limits: BetterAccessLimits, *, today: date) -> bool:
    """Whether the limits in force were last read, or began, more than twelve months ago."""
    return max(limits.valid_from, limits.read_on) < oldest_fresh(today)


def is_anything_old(*, today: date) -> bool:
    """Whether a row in force is old: fees that are billed by, or limits that are counted by."""
    limits = BetterAccessLimits.objects.filter(valid_from__lte=today).last()
    items = MbsItem.objects.in_force(on=today)
    return bool(old_items(items, today=today)) or (limits is not None and limits_are_old(limits, today=today))
