"""Who owes what, and for how long: by patient, or by whoever pays for patients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, cast

from django.db.models import Count, DecimalField, ExpressionWrapper, F, Min, Q, QuerySet, Sum

from portal.billing.models import Invoice
from portal.billing.models.invoice import InvoiceQuerySet
from portal.common.access.actors import Actor
from portal.common.money import ZERO, cents
from portal.common.text.normalise import full_name

# Days after the day to pay by: the last of each, the last column has no end.
AGES = (("current", None, 0), ("to_30", 1, 30), ("to_60", 31, 60), ("to_90", 61, 90), ("over_90", 91, None))
PER_PAGE = 50

_PATIENT = ("patient__code", "patient__legal_first_name", "patient__legal_last_name", "patient__preferred_name")
_PAYER = ("payer__code", "payer__name")
_OWING = ExpressionWrapper(F("payable") - F("paid"), output_field=DecimalField(max_digits=12, decimal_places=2))


@dataclass(frozen=True, slots=True)
class Debtor:
    """What somebody owes, in dollars, by how long it is past the day to pay by."""

    name: str
    # The patient's code, or the payer's.
    code: str
    count: int
    oldest: date | None
    ages: tuple[Decimal, ...]

    @property
    def is_late(self) -> bool:
        """Whether any of it is overdue."""
        return any(self.ages[1:])

    @property
    def total(self) -> Decimal:
        return sum(self.ages, ZERO)


@dataclass(frozen=True, slots=True)
class Debtors:
    """A page of them, those that owe most first, and what all together owe."""

    rows: list[Debtor]
    all_together: Debtor
    has_more: bool


def debtors(actor: Actor, *, by_payer: bool, today: date, page: int = 1) -> Debtors:
    """Two queries over what is owing alone, however many invoices are paid."""
    start = (page - 1) * PER_PAGE
    found = list(_grouped(actor, by_payer=by_payer, today=today)[start : start + PER_PAGE + 1])
    whole = _owing(actor, by_payer=by_payer).aggregate(n=Count("pk"), oldest=Min("due_on"), **_sums(today))
    rows = [_debtor(row, by_payer=by_payer) for row in found[:PER_PAGE]]
    return Debtors(rows, _debtor(whole, by_payer=True), len(found) > PER_PAGE)


@dataclass(frozen=True, slots=True)
class Owing:
    """All that is owing on the list of invoices, in dollars, by who owes it."""

    patients: Decimal
    payers: Decimal
    medicare: Decimal

    @property
    def together(self) -> Decimal:
        return self.patients + self.payers + self.medicare


def in_all(actor: Actor) -> Owing:
    """How the two lists, and what Medicare is billed, make up what the list of invoices says is owing. One query."""
    is_bulk, has_payer = Q(bulk_billed=True), Q(payer__isnull=False)
    sums = (
        Invoice.objects.visible_to(actor)
        .owing()
        .order_by()
        .aggregate(
            patients=Sum(_OWING, filter=~is_bulk & ~has_payer),
            payers=Sum(_OWING, filter=~is_bulk & has_payer),
            medicare=Sum(_OWING, filter=is_bulk),
        )
    )
    return Owing(**{name: cents(amount or ZERO) for name, amount in sums.items()})


def every_debtor(actor: Actor, *, by_payer: bool, today: date) -> Iterator[Debtor]:
    """All of them, for a file."""
    for row in _grouped(actor, by_payer=by_payer, today=today).iterator(chunk_size=2_000):
        yield _debtor(row, by_payer=by_payer)


def _owing(actor: Actor, *, by_payer: bool) -> InvoiceQuerySet:
    # What Medicare is billed nobody owes: it stands on the list of claims. What a payer is billed no patient owes.
    owing = Invoice.objects.visible_to(actor).owing().order_by()
    return owing.filter(payer__isnull=False, bulk_billed=False) if by_payer else owing.owed_by_patients()


def _sums(today: date) -> dict[str, Sum]:
    found = {}
    for name, first, last in AGES:
        within = Q()
        if first is not None:
            within &= Q(due_on__lte=today - timedelta(days=first))
        if last is not None:
            within &= Q(due_on__gte=today - timedelta(days=last))
        found[name] = Sum(_OWING, filter=within)
    return found


def _grouped(actor: Actor, *, by_payer: bool, today: date) -> QuerySet[Invoice, dict[str, Any]]:
    by = _PAYER if by_payer else _PATIENT
    rows = _owing(actor, by_payer=by_payer).values(*by)
    rows = rows.annotate(n=Count("pk"), oldest=Min("due_on"), all=Sum(_OWING), **_sums(today))
    return cast("QuerySet[Invoice, dict[str, Any]]", rows.order_by("-all", *by))


def _debtor(row: dict[str, Any], *, by_payer: bool) -> Debtor:
    if by_payer:
        name, code = row.get("payer__name", ""), str(row.get("payer__code", ""))
    else:
        called = row["patient__preferred_name"] or row["patient__legal_first_name"]
        name, code = full_name(called, row["patient__legal_last_name"]), str(row["patient__code"])
    ages = tuple(cents(row[age] or ZERO) for age, _first, _last in AGES)
    return Debtor(name, code, row["n"], row["oldest"], ages)
