"""A statement of account: what was billed, taken off and paid between two days, with what was owing before and after.

It is asked of a set of invoices: a patient's own, a payer's, or what somebody may see; and of the accounts of people,
so that money of theirs that settles nothing counts too. Nothing on it is a claim of its own: each row names the paper
that is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet, Sum

from portal.billing.models import Allocation, CreditNote, Invoice, InvoiceStatus, NoteKind, Payment
from portal.billing.models.invoice import InvoiceQuerySet
from portal.clinic.models.psychologists import titled
from portal.common.languages.times import local_day
from portal.common.money import ZERO, cents
from portal.common.text.normalise import full_name
from portal.patients.models import Patient

# The order of one day: what is billed, what is taken off or given up, what is paid. A correction moved no money.
BILLED, TAKEN_OFF, WRITTEN_OFF = "billed", "taken_off", "written_off"
PAID, GIVEN_BACK, CORRECTED = "paid", "given_back", "corrected"
OF_MONEY = (PAID, GIVEN_BACK, CORRECTED)
_ORDER = {BILLED: 0, TAKEN_OFF: 1, WRITTEN_OFF: 1, PAID: 2, GIVEN_BACK: 3, CORRECTED: 4}
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
    # Of money, whose it was, where that is not the patient.
    paid_by: str = ""
    # The day of the session that a paper is for, where it was, and with whom; nothing where it is for none.
    session_on: date | None = None
    session_with: str = ""


class _Row(NamedTuple):
    """An entry before what is owing after it is counted."""

    day: date
    kind: str
    number: str
    about: str
    amount: Decimal
    paid_by: str = ""
    session_on: date | None = None
    session_with: str = ""


# Of an invoice: when its session began, on which clock, and whose it was.
_OF_SESSION = (
    "appointment__starts_at",
    "appointment__location__time_zone",
    *(f"appointment__psychologist__{name}" for name in ("title", "user__first_name", "user__last_name")),
)


def _session(
    starts_at: datetime | None, zone: str | None, title: str | None, first: str | None, last: str | None
) -> tuple[date | None, str]:
    """On which day a session was and with whom; its name is not said, as it may tell what it was about."""
    if starts_at is None:
        return None, ""
    return local_day(starts_at, zone or "UTC"), titled(title or "", full_name(first or "", last or ""))


@dataclass(frozen=True, slots=True)
class Statement:
    """An account from one day to another, both in it."""

    since: date
    until: date
    opening: Decimal
    entries: tuple[Entry, ...]
    # Of the money of these accounts, what settles no invoice by now; nothing where the last day is over.
    on_account: Decimal = ZERO

    @property
    def closing(self) -> Decimal:
        """What is owing at the end of the last day less what is on account, in dollars; a minus is theirs."""
        return self.entries[-1].balance if self.entries else self.opening

    @property
    def owing_or_credit(self) -> Decimal:
        """The closing balance without its sign: the words beside it say which way it is."""
        return abs(self.closing)

    @property
    def unpaid(self) -> Decimal:
        """What the invoices are owed, whatever is on account, in dollars."""
        return self.closing + self.on_account

    def sum_of(self, *kinds: str) -> Decimal:
        """What the rows of these kinds come to, in dollars."""
        return sum((entry.amount for entry in self.entries if entry.kind in kinds), ZERO)

    @property
    def billed(self) -> Decimal:
        """What was billed less what was taken off."""
        return self.sum_of(BILLED, TAKEN_OFF, WRITTEN_OFF)

    @property
    def paid(self) -> Decimal:
        """What was paid less what was given back."""
        return -self.sum_of(*OF_MONEY)


def statement_of(
    invoices: InvoiceQuerySet,
    *,
    since: date,
    until: date,
    accounts: QuerySet[Patient] | None = None,
    today: date | None = None,
) -> Statement:
    """The account of these invoices. A void one is none of it: nothing was ever paid on it. Seven queries at most.

    With `accounts` the money of these people counts whole on the day it came, less what of it settles other invoices
    than these: a payer's or Medicare's.
    """
    standing = invoices.order_by().filter(status=InvoiceStatus.ISSUED).values("pk")
    billed = Invoice.objects.order_by().filter(pk__in=standing)
    notes = CreditNote.objects.order_by().filter(invoice__in=standing)

    before = Allocation.objects.order_by().filter(invoice__in=standing, payment__received_on__lt=since)
    opening = (
        _sum(billed.filter(issued_on__lt=since), "total")
        - _sum(notes.filter(issued_on__lt=since), "amount")
        - _sum(before, "amount")
        - _kept(accounts, until=since - timedelta(days=1))
    )
    days = (since, until)
    rows = [
        _Row(row[0], BILLED, row[1], full_name(row[2] or row[3], row[4]), row[5], "", *_session(*row[6:]))
        for row in billed.filter(issued_on__range=days).values_list(
            *("issued_on", "number", "patient__preferred_name", "patient__legal_first_name"),
            *("patient__legal_last_name", "total", *_OF_SESSION),
        )
    ]
    rows += [
        _Row(
            day, WRITTEN_OFF if kind == NoteKind.WRITE_OFF else TAKEN_OFF, number, invoice, -amount, "", *_session(*of)
        )
        for day, kind, number, invoice, amount, *of in notes.filter(issued_on__range=days).values_list(
            "issued_on", "kind", "number", "invoice__number", "amount", *(f"invoice__{name}" for name in _OF_SESSION)
        )
    ]
    rows += _money(standing, accounts, days=days)
    # Money of one day stands as it came; papers by their numbers.
    rows.sort(key=lambda row: (row.day, _ORDER[row.kind], "" if row.kind in OF_MONEY else row.number))
    entries, balance = [], opening
    for row in rows:
        balance += row.amount
        entries.append(Entry(*row[:5], balance, *row[5:]))
    kept = _kept(accounts, until=until) if today and until >= today else ZERO
    return Statement(since, until, opening, tuple(entries), kept)


def _money(
    standing: QuerySet[Invoice, Any], accounts: QuerySet[Patient] | None, *, days: tuple[date, date]
) -> list[_Row]:
    """What came and went back. What of it settles them counts, whichever of them it was counted towards since."""
    payments = Payment.objects.order_by().filter(received_on__range=days)
    if accounts is None:
        payments = payments.filter(allocations__invoice__in=standing)
    else:
        payments = payments.filter(patient__in=accounts.order_by().values("pk"))
    here = Sum("allocations__amount", filter=Q(allocations__invoice__in=standing))
    names = ("paid_by", "patient__legal_first_name", "patient__legal_last_name")
    rows = payments.values("pk", "received_on", "number", "method", "amount", "corrects", *names).annotate(
        here=here, anywhere=Sum("allocations__amount")
    )
    rows = rows.order_by("recorded_at", "pk")
    found = []
    for row in rows:
        counts = cents(row["here"] or ZERO)
        if accounts is not None:
            counts += row["amount"] - cents(row["anywhere"] or ZERO)
        if counts:
            kind = CORRECTED if row["corrects"] else PAID if counts > 0 else GIVEN_BACK
            is_theirs = row["paid_by"] == full_name(*(row[name] or "" for name in names[1:]))
            whose = "" if is_theirs else row["paid_by"] or ""
            found.append(_Row(row["received_on"], kind, row["number"], row["method"], -counts, whose))
    return found


def _kept(accounts: QuerySet[Patient] | None, *, until: date) -> Decimal:
    """Of what came until that day, what settles no invoice by now, in dollars."""
    if accounts is None:
        return ZERO
    whose = accounts.order_by().values("pk")
    came = Payment.objects.order_by().filter(patient__in=whose, received_on__lte=until)
    settles = Allocation.objects.order_by().filter(payment__patient__in=whose, payment__received_on__lte=until)
    return _sum(came, "amount") - _sum(settles, "amount")


def _sum(rows: object, column: str) -> Decimal:
    total: Decimal | None = rows.aggregate(all=Sum(column))["all"]  # type: ignore[attr-defined]  # of two models
    # SQLite adds up binary fractions.
    return cents(total or ZERO)


def tax_year(day: date) -> int:
    """The year in which the tax year of a day begins: of 3 May 2027 it is 2026."""
    return day.year if day.month >= FIRST_MONTH else day.year - 1


def days_of_tax_year(begins: int) -> tuple[date, date]:
    """Its first and its last day."""
    return date(begins, FIRST_MONTH, 1), date(begins + 1, 6, 30)
