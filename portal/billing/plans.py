"""How a payment plan is spread over days, and how it stands. Dollars; days are the clinic's."""

from __future__ import annotations

import calendar
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from math import ceil
from typing import Final

from portal.billing.models import Instalment, PaymentPlan
from portal.billing.models.invoice import balance_of
from portal.common.money import ZERO

# A plan that is kept up longer than that is none.
MOST_PARTS: Final = 60


class Every(StrEnum):
    """How far instalments are apart."""

    WEEK = "week"
    FORTNIGHT = "fortnight"
    MONTH = "month"


class TooMany(Exception):
    """Paid in such small parts it would take more than `MOST_PARTS` of them."""


def spread(total: Decimal, *, amount: Decimal, first: date, every: Every) -> list[tuple[date, Decimal]]:
    """By which day how much is paid until all of it is; the last is what is left. Raises TooMany."""
    if amount <= ZERO:
        raise ValueError("nothing at a time never pays anything")
    count = ceil(total / amount)
    if count > MOST_PARTS:
        raise TooMany
    return [(_after(first, n, every), min(amount, total - n * amount)) for n in range(count)]


def _after(first: date, n: int, every: Every) -> date:
    """The same day of each month, or its last where it has none."""
    if every != Every.MONTH:
        return first + n * timedelta(weeks=1 if every == Every.WEEK else 2)
    year, month = first.year + (first.month - 1 + n) // 12, (first.month - 1 + n) % 12 + 1
    return date(year, month, min(first.day, calendar.monthrange(year, month)[1]))


@dataclass(frozen=True, slots=True)
class Progress:
    """What came of a plan by today: `left` is still to be paid, `behind` of it should have been by yesterday."""

    total: Decimal
    left: Decimal
    behind: Decimal
    # The first instalment that isn't paid in full, with what is missing of it.
    next_on: date | None
    next_amount: Decimal

    @property
    def is_paid(self) -> bool:
        return not self.left

    @property
    def is_kept(self) -> bool:
        """Nothing that was to be paid by yesterday is missing."""
        return not self.behind

    @property
    def paid(self) -> Decimal:
        return self.total - self.left


def progress_of(total: Decimal, left: Decimal, instalments: Iterable[tuple[date, Decimal]], *, today: date) -> Progress:
    """How a plan for `total` stands of which `left` is owing; what is paid counts for the first instalments."""
    paid, due, next_on, next_amount, sum_so_far = total - left, ZERO, None, ZERO, ZERO
    for day, amount in instalments:
        sum_so_far += amount
        if day < today:
            due = sum_so_far
        if next_on is None and sum_so_far > paid:
            next_on, next_amount = day, sum_so_far - paid
    return Progress(total, left, max(ZERO, due - paid), next_on, next_amount)


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with its instalments and how it stands, for a page."""

    plan: PaymentPlan
    instalments: Sequence[Instalment]
    progress: Progress


def planned(plans: Collection[PaymentPlan], *, today: date) -> list[Planned]:
    """These plans, as they stand. `with_parts` has them in two statements."""
    found = []
    for plan in plans:
        # A credit or a voided invoice leaves as much less to pay; what was owed beyond the plan is none of it.
        left = sum((min(part.owed, balance_of(part.invoice)) for part in plan.parts.all()), ZERO)
        parts = list(plan.instalments.all())
        days = [(part.due_on, part.amount) for part in parts]
        found.append(Planned(plan, parts, progress_of(plan.total, left, days, today=today)))
    return found
