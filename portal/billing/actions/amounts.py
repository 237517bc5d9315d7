"""What an amount of money is, and whether an invoice still is what somebody looked at."""

from __future__ import annotations

from decimal import Decimal

from portal.billing.models import Invoice
from portal.billing.refusals import ChangedMeanwhile, WrongAmount
from portal.common.money import CENT


def check_amount(amount: Decimal) -> None:
    """Raises WrongAmount unless it is above zero and in whole cents."""
    if not amount.is_finite() or amount <= 0 or amount != amount.quantize(CENT):
        raise WrongAmount


def check_seen(invoice: Invoice, seen: str | None) -> None:
    """Raises ChangedMeanwhile unless the invoice is as the page showed it; `seen` is empty where no page was."""
    if seen and seen != invoice.seen_as:
        raise ChangedMeanwhile(invoice)
