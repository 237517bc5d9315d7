"""Money is Decimal dollars, rounded here and nowhere else."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
GST_RATE = Decimal("0.10")


def cents(amount: Decimal | int | str) -> Decimal:
    """Rounds to the cent, half up, as the tax office does."""
    return Decimal(amount).quantize(CENT, rounding=ROUND_HALF_UP)


def gst_on(amount: Decimal) -> Decimal:
    """GST to add to a taxable amount that doesn't contain it: a tenth, to the cent."""
    return cents(amount * GST_RATE)


def in_cents(amount: Decimal) -> int:
    """Whole cents, for Stripe and the trail: nowhere else are there any."""
    return int(cents(amount) * 100)


def dollars(amount: Decimal | int | str | None) -> str:
    """Writes `$1,234.50`. The minus is ASCII: fonts of the PDFs may lack the typographic one."""
    if amount is None or amount == "":
        return ""
    value = cents(amount)
    return f"{'-' if value < 0 else ''}${abs(value):,.2f}"
