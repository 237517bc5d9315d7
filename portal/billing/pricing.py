"""What a line comes to: price, GST and the expected rebate. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from portal.clinic.models import TaxCode
from portal.common.money import ZERO, cents, gst_on


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    """A line as the desk means it: dollars before GST; `benefit` is Medicare's for the item, or nothing."""

    description: str
    unit_price: Decimal
    tax_code: str = TaxCode.GST_FREE
    quantity: Decimal = Decimal(1)
    item_number: str = ""
    benefit: Decimal = ZERO
    service_date: date | None = None
    starts_at: datetime | None = None
    minutes: int | None = None
    mode: str = ""


@dataclass(frozen=True, slots=True)
class Amounts:
    """Dollars: `price` without GST, `total` with it, `rebate` what Medicare is expected to pay back."""

    price: Decimal
    gst: Decimal
    total: Decimal
    rebate: Decimal

    @property
    def out_of_pocket(self) -> Decimal:
        return self.total - self.rebate


def amounts_of(line: NewLine, *, gst_registered: bool) -> Amounts:
    """What one line comes to. GST is a tenth of a taxable price, rounded half up on each line.

    A clinic that isn't registered for GST charges none at all. Medicare pays back no more than was charged.
    """
    price = cents(line.quantity * line.unit_price)
    gst = gst_on(price) if gst_registered and line.tax_code == TaxCode.TAXABLE else ZERO
    total = price + gst
    return Amounts(price, gst, total, max(ZERO, min(cents(line.benefit), total)))


def sum_of(amounts: Iterable[Amounts]) -> Amounts:
    """What an invoice comes to: its lines, added up. A discount may leave less to pay than Medicare's benefit."""
    rows = list(amounts)
    total = sum((row.total for row in rows), ZERO)
    return Amounts(
        sum((row.price for row in rows), ZERO),
        sum((row.gst for row in rows), ZERO),
        total,
        max(ZERO, min(sum((row.rebate for row in rows), ZERO), total)),
    )
