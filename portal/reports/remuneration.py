"""What a psychologist is paid: their part, by dated rows, of what came in for their work, without GST."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from portal.billing.models import Allocation, PayShare
from portal.billing.models.share import share_on
from portal.clinic.models import Psychologist
from portal.common.money import ZERO, cents

_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Paid:
    """Money that came for an invoice, or went back with a minus, in dollars; `percent` is None where none is set."""

    day: date
    invoice: str
    receipt: str
    amount: Decimal
    gst: Decimal
    percent: Decimal | None

    @property
    def base(self) -> Decimal:
        """Without GST, which is the tax office's."""
        return self.amount - self.gst

    @property
    def part(self) -> Decimal:
        return ZERO if self.percent is None else cents(self.base * self.percent / _HUNDRED)


@dataclass(frozen=True)
class Statement:
    """What came in for a psychologist's work in some days, line by line, and their part of it."""

    psychologist: Psychologist
    first: date
    last: date
    lines: list[Paid]

    @property
    def received(self) -> Decimal:
        return sum((line.amount for line in self.lines), ZERO)

    @property
    def gst(self) -> Decimal:
        return sum((line.gst for line in self.lines), ZERO)

    @property
    def base(self) -> Decimal:
        return self.received - self.gst

    @property
    def part(self) -> Decimal:
        return sum((line.part for line in self.lines), ZERO)

    @property
    def without_percent(self) -> int:
        """Lines of days on which no part was set."""
        return sum(line.percent is None for line in self.lines)


def statement(psychologist: Psychologist, first: date, last: date) -> Statement:
    """In three statements, however much came in."""
    shares = list(PayShare.objects.filter(psychologist=psychologist).order_by("-from_day", "-pk"))
    within = Allocation.objects.filter(
        invoice__psychologist=psychologist, payment__received_on__range=(first, last)
    ).order_by("payment__received_on", "pk")
    tax = _gst_of(psychologist, first, last)
    lines = [
        Paid(day, invoice, receipt, amount, tax.get(pk, ZERO), share_on(shares, day))
        for pk, day, invoice, receipt, amount in within.values_list(
            "pk", "payment__received_on", "invoice__number", "payment__number", "amount"
        )
    ]
    return Statement(psychologist, first, last, lines)


def _gst_of(psychologist: Psychologist, first: date, last: date) -> dict[int, Decimal]:
    """The GST in each, of invoices that have any: what was paid with it less what was paid before it, each rounded.

    So the parts of an invoice that was paid bit by bit have together the GST of the whole, to the cent.
    """
    touched = Allocation.objects.filter(
        invoice__psychologist=psychologist, payment__received_on__range=(first, last), invoice__gst__gt=0
    )
    rows = (
        Allocation.objects.filter(invoice__in=touched.order_by().values("invoice"), payment__received_on__lte=last)
        .order_by("payment__received_on", "pk")
        .values_list("pk", "invoice", "amount", "invoice__total", "invoice__gst")
    )
    paid: defaultdict[int, Decimal] = defaultdict(lambda: ZERO)
    found = {}
    for pk, invoice, amount, total, gst in rows:
        before, paid[invoice] = paid[invoice], paid[invoice] + amount
        found[pk] = cents(paid[invoice] * gst / total) - cents(before * gst / total)
    return found
