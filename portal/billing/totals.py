"""How many invoices a list shows, and what they come to."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, F, Q, Sum

from portal.billing.models import InvoiceStatus
from portal.billing.models.invoice import InvoiceQuerySet
from portal.common.money import ZERO

# Beyond this many a list says "more than", unless somebody asks: so a million invoices answer like ten thousand.
COUNTED = 1_000


@dataclass(frozen=True, slots=True)
class Totals:
    """Of some invoices: how many, what the issued ones come to, what of it is paid and what is owing, in dollars.

    `is_all` is False where there were too many to count, and the rest says nothing.
    """

    count: int
    payable: Decimal
    paid: Decimal
    is_all: bool = True

    @property
    def owing(self) -> Decimal:
        return self.payable - self.paid


def totals_of(invoices: InvoiceQuerySet, *, however_many: bool = False) -> Totals:
    """What these come to, in one query that reads no more than `COUNTED` of them, or all if `however_many`.

    The newest are read first: any filter has an index in that order, where a database that takes rows as they lie reads
    half of them for a thousand that it takes to be common.
    """
    rows, issued = invoices.values("payable", "paid", "status"), Q(status=InvoiceStatus.ISSUED)
    some = rows.order_by() if however_many else rows.order_by("-issued_on", "-pk")[: COUNTED + 1]
    found = some.aggregate(n=Count("*"), asked=Sum(F("payable"), filter=issued), came=Sum(F("paid"), filter=issued))
    if found["n"] > COUNTED and not however_many:
        return Totals(COUNTED, ZERO, ZERO, is_all=False)
    return Totals(found["n"], found["asked"] or ZERO, found["came"] or ZERO)
