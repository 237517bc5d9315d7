"""What came in and went back at one place on one day, and what the closed days did not know of yet."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from django.db.models import OuterRef, QuerySet, Subquery

from portal.billing.models import Allocation, DayClose, Method, Payment
from portal.clinic.kept import places
from portal.clinic.models import ClinicSettings, Location
from portal.common.money import ZERO

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class OfMethod:
    """What moved by one way of paying, in dollars; what went back has a minus."""

    method: str
    came: Decimal
    went: Decimal
    # How many came, and how many went back.
    count: int
    back: int

    @property
    def label(self) -> str:
        return str(Method(self.method).label)

    @property
    def net(self) -> Decimal:
        return self.came + self.went


@dataclass(frozen=True)
class Takings:
    """The payments of a day, and those entered since the last close for days before it."""

    payments: list[Payment] = field(default_factory=list)
    late: list[Payment] = field(default_factory=list)
    # Those of the late ones that put right what was counted before: no money moved.
    on_paper: frozenset[int] = frozenset()

    @property
    def by_method(self) -> list[OfMethod]:
        return _by_method(self.payments)

    @property
    def total(self) -> Decimal:
        return sum((payment.amount for payment in self.payments), ZERO)

    def net(self, method: str) -> Decimal:
        """What of it is by one way of paying, in dollars."""
        return sum((payment.amount for payment in self.payments if payment.method == method), ZERO)

    @property
    def late_cash(self) -> Decimal:
        """What moved in cash since the drawer was counted last, and is dated before this day; in dollars.

        A payment that was counted then and is put right since moves nothing: the drawer was counted as it was.
        """
        moved = (p for p in self.late if p.method == Method.CASH and p.pk not in self.on_paper)
        return sum((payment.amount for payment in moved), ZERO)

    @property
    def cash(self) -> Decimal:
        """What came into the drawer since it was counted last, whatever day it bears, in dollars."""
        return self.net(Method.CASH) + self.late_cash

    @property
    def seen_as(self) -> str:
        """What a page that closes the day knew of its money, as one word."""
        rows = [f"{p.pk}" for p in self.payments] + ["late"] + [f"{p.pk}" for p in self.late]
        return hashlib.sha256(" ".join(rows).encode()).hexdigest()[:16]


def main_place() -> Location | None:
    """Where money counts that is for no invoice: the first of the places in use."""
    return next((place for place in places().values() if place.is_active), None)


def last_close(place: Location) -> DayClose | None:
    """The day that was closed last at a place."""
    return DayClose.objects.filter(location=place).select_related("closed_by").order_by("-day").first()


def takings_of(place: Location, day: date, *, clinic: ClinicSettings, last: DayClose | None) -> Takings:
    """What moved there on that day of its own calendar, and is part of no close yet. Three queries at most.

    A payment counts where it was taken; what came by machine where the invoice is that it was for. The books' day is
    the clinic's; what was entered as it was taken is of the day that the place's own clock showed.
    """
    here = _uncounted().filter(received_on__range=(day - _DAY, day + _DAY))
    payments = [p for p in _at(here, place) if _day_of(p, place, clinic) == day]
    if last is None:
        return Takings(payments)
    since = datetime.combine(last.day, time(), UTC) - _DAY
    entered = list(_uncounted().filter(recorded_at__gte=min(since, last.closed_at), received_on__lte=day + _DAY))
    late = [p for p in _at(entered, place) if _came_after(p, place, day, clinic=clinic, last=last)]
    corrects = {payment.pk: payment.corrects_id for payment in entered}
    return Takings(payments, late, frozenset(p.pk for p in late if _puts_right(p.pk, corrects)))


def _came_after(payment: Payment, place: Location, day: date, *, clinic: ClinicSettings, last: DayClose) -> bool:
    """Whether it is of a day before this one, and the close before could not know of it."""
    own = _day_of(payment, place, clinic)
    return own < day and (own >= last.day or payment.recorded_at > last.closed_at)


def entered_since(close: DayClose, place: Location, *, clinic: ClinicSettings) -> list[Payment]:
    """What was entered for that day of the place after it was closed."""
    near = (close.day - _DAY, close.day + _DAY)
    found = _with_invoice(Payment.objects.filter(received_on__range=near, recorded_at__gt=close.closed_at))
    return [p for p in _at(found, place) if _day_of(p, place, clinic) == close.day]


def _puts_right(payment: int, corrects: dict[int, int | None]) -> bool:
    """Whether it says anew what came before the last count; `corrects` is of all that was entered since."""
    while (corrected := corrects[payment]) is not None:
        if corrected not in corrects:
            return True
        payment = corrected
    return False


def _uncounted() -> QuerySet[Payment]:
    return _with_invoice(Payment.objects.filter(closed__isnull=True))


def _with_invoice(payments: QuerySet[Payment]) -> QuerySet[Payment]:
    first = Allocation.objects.filter(payment=OuterRef("pk")).order_by("pk").values("invoice__location")[:1]
    names = Allocation.objects.filter(payment=OuterRef("pk")).order_by("pk")
    return payments.annotate(
        at=Subquery(first),
        invoice_number=Subquery(names.values("invoice__number")[:1]),
        invoice_name=Subquery(names.values("invoice__bill_to_name")[:1]),
    ).order_by("recorded_at", "pk")


def _at(payments: Iterable[Payment], place: Location) -> list[Payment]:
    main = main_place()
    of_nowhere = main.pk if main else None
    return [p for p in payments if (p.location_id or getattr(p, "at", None) or of_nowhere) == place.pk]


def _day_of(payment: Payment, place: Location, clinic: ClinicSettings) -> date:
    """The place's own day of what was entered as it was taken; else the day that somebody said."""
    said = payment.received_on
    return place.day_of(payment.recorded_at) if said == clinic.day_of(payment.recorded_at) else said


def _by_method(payments: Sequence[Payment]) -> list[OfMethod]:
    came: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    went: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    count: defaultdict[str, int] = defaultdict(int)
    back: defaultdict[str, int] = defaultdict(int)
    for payment in payments:
        # A correction is no refund: nobody got money back, and what was written down wrong did not come.
        is_back = payment.amount < 0 and not payment.is_correction
        (went if is_back else came)[payment.method] += payment.amount
        if payment.amount < 0 and not is_back:
            count[payment.method] -= 1
        else:
            (back if is_back else count)[payment.method] += 1
    moved = {payment.method for payment in payments}
    return [OfMethod(m, came[m], went[m], max(0, count[m]), back[m]) for m in Method.values if m in moved]
