"""A statement of account: what was billed, taken off and paid between two days, with what was owing before and after.

It is asked of a set of invoices: a patient's own, a payer's, or what somebody may see. Nothing on it
is a claim of its own: each row names the paper that is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Max, Q, Sum

from portal.billing.models import Allocation, CreditNote, Invoice, InvoiceStatus, Payment
from portal.billing.models.invoice import InvoiceQuerySet
from portal.common.money import ZERO
from portal.common.text.normalise import full_name

# The order of one day: what is billed, what is taken off, what is paid.
BILLED, TAKEN_OFF, PAID, GIVEN_BACK = "billed", "taken_off", "paid", "given_back"
_ORDER = {BILLED: 0, TAKEN_OFF: 1, PAID: 2, GIVEN_BACK: 3}
# A tax year begins on 1 July.
FIRST_MONTH = 7


class Entry(NamedTuple):
    """One paper of the account: `amount` in dollars adds to what is owing, a minus lowers it."""

    day: date
    kind: str
    number: str
    about: str
    amount: Decimal
    balance: Decimal


@dataclass(frozen=True, slots=True)
class Statement:
    """An account from one day to another, both in it."""

    since: date
    until: date
    opening: Decimal
    entries: tuple[Entry, ...]

    @property
    def closing(self) -> Decimal:
        """What is owing at the end of the last day, in dollars."""
        return self.entries[-1].balance if self.entries else self.opening

    def sum_of(self, *kinds: str) -> Decimal:
        """What the rows of these kinds come to, in dollars."""
        return sum((entry.amount for entry in self.entries if entry.kind in kinds), ZERO)

    @property
    def billed(self) -> Decimal:
        """What was billed less what was taken off."""
        return self.sum_of(BILLED, TAKEN_OFF)

    @property
    def paid(self) -> Decimal:
        """What was paid less what was given back."""
        return -self.sum_of(PAID, GIVEN_BACK)


def statement_of(invoices: InvoiceQuerySet, *, since: date, until: date) -> Statement:
    """The account of these invoices. A void one is none of it: nothing was ever paid on it. Six queries at most."""
    standing = invoices.order_by().filter(status=InvoiceStatus.ISSUED).values("pk")
    billed = Invoice.objects.order_by().filter(pk__in=standing)
    notes = CreditNote.objects.order_by().filter(invoice__in=standing)
    # What of a payment settles them, whichever of them it was counted towards since.
    money = Payment.objects.order_by().filter(allocations__invoice__in=standing)
    settled = Sum("allocations__amount", filter=Q(allocations__invoice__in=standing))

    before = Allocation.objects.order_by().filter(invoice__in=standing, payment__received_on__lt=since)
    opening = (
        _sum(billed.filter(issued_on__lt=since), "total")
        - _sum(notes.filter(issued_on__lt=since), "amount")
        - (before.aggregate(all=Sum("amount"))["all"] or ZERO)
    )
    days = (since, until)
    rows: list[tuple[date, str, str, str, Decimal]] = [
        (row[0], BILLED, row[1], full_name(row[2] or row[3], row[4]), row[5])
        for row in billed.filter(issued_on__range=days).values_list(
            *("issued_on", "number", "patient__preferred_name", "patient__legal_first_name"),
            *("patient__legal_last_name", "total"),
        )
    ]
    rows += [
        (day, TAKEN_OFF, number, invoice, -amount)
        for day, number, invoice, amount in notes.filter(issued_on__range=days).values_list(
            "issued_on", "number", "invoice__number", "amount"
        )
    ]
    paid = money.filter(received_on__range=days).values("pk", "received_on", "number", "method")
    for row in paid.annotate(settles=settled, towards=Max("allocations__invoice__number")):
        if row["settles"]:
            kind = PAID if row["settles"] > 0 else GIVEN_BACK
            rows.append((row["received_on"], kind, row["number"], row["method"], -row["settles"]))
    rows.sort(key=lambda row: (row[0], _ORDER[row[1]], row[2]))
    entries, balance = [], opening
    for day, kind, number, about, amount in rows:
        balance += amount
        entries.append(Entry(day, kind, number, about, amount, balance))
    return Statement(since, until, opening, tuple(entries))


def _sum(rows: object, column: str) -> Decimal:
    total: Decimal | None = rows.aggregate(all=Sum(column))["all"]  # type: ignore[attr-defined]  # of two models
    return total or ZERO


def tax_year(day: date) -> int:
    """The year in which the tax year of a day begins: of 3 May 2027 it is 2026."""
    return day.year if day.month >= FIRST_MONTH else day.year - 1


def days_of_tax_year(begins: int) -> tuple[date, date]:
    """Its first and its last day."""
    return date(begins, FIRST_MONTH, 1), date(begins + 1, 6, 30)
