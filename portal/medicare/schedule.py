"""Which Medicare item a session may claim, and for how much. Rules and sources: docs/australia.md."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from portal.clinic.models import Mode
from portal.common.kept import kept
from portal.medicare.models import BILLING, BetterAccessLimits, MbsItem


@kept(MbsItem)
def _for_individuals() -> Sequence[MbsItem]:
    return list(MbsItem.objects.for_individuals().order_by("-valid_from", "-min_minutes", "pk"))


@kept(MbsItem)
def _standing() -> Sequence[MbsItem]:
    return list(MbsItem.objects.standing().order_by("item", "valid_from", "pk"))


@kept(BetterAccessLimits)
def limits() -> Sequence[BetterAccessLimits]:
    """For how many services Medicare pays, by the day from which."""
    return list(BetterAccessLimits.objects.order_by("valid_from"))


def items_for_individuals(*, on: date) -> list[MbsItem]:
    """The items in force on a day, newest and longest first."""
    return [item for item in _for_individuals() if is_in_force(item, on=on)]


def items_billed_by(registration: str, *, on: date) -> list[MbsItem]:
    """Every item that somebody with this registration could bill for a service on the day `on`."""
    if registration not in BILLING:
        return []
    return [item for item in _standing() if item.registration == registration and is_in_force(item, on=on)]


def row_of(item: str, *, on: date) -> MbsItem | None:
    """What the schedule says of an item's number for a service given on that day, or None."""
    return next((row for row in _standing() if row.item == item and is_in_force(row, on=on)), None)


def is_in_force(item: MbsItem, *, on: date) -> bool:
    """Whether the row's fee counts for a service given on that day."""
    return item.valid_from <= on and (item.valid_until is None or item.valid_until >= on)


def propose(
    *,
    registration: str,
    minutes: int,
    mode: str,
    on: date,
    outside: bool = False,
    items: Sequence[MbsItem] | None = None,
) -> MbsItem | None:
    """The individual item for a session of `minutes` on the day `on`, or None if Medicare pays nothing for it.

    The day is that of the service, not of the bill. Provisional psychologists can't bill; a session too short for
    the lowest item has none. `outside` says that one in person was held outside consulting rooms. `items` are that
    day's, where a caller asks more than once.
    """
    if registration not in BILLING:
        return None
    if items is None:
        items = items_for_individuals(on=on)
    fits = (registration, mode, outside and mode == Mode.IN_PERSON)
    return next((item for item in items if _for(item) == fits and item.fits(minutes)), None)


def _for(item: MbsItem) -> tuple[str, str, bool]:
    return item.registration, item.mode, item.setting == MbsItem.Setting.OUTSIDE
