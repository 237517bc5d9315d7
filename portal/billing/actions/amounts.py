"""What an amount of money is."""

from __future__ import annotations

from decimal import Decimal

from portal.billing.refusals import WrongAmount
from portal.common.money import CENT


def check_amount(amount: Decimal) -> None:
    """Raises WrongAmount unless it is above zero and in whole cents."""
    if not amount.is_finite() or amount <= 0 or amount != amount.quantize(CENT):
        raise WrongAmount
