"""Which Medicare item a session may claim, and for how much. Rules: domain facts from Services Australia's pages."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from portal.common.money import up_to_five_cents
from portal.medicare.models import BILLING, MbsItem

OUT_OF_HOSPITAL = Decimal("0.85")


def benefit_of(fee: Decimal) -> Decimal:
    """What Medicare pays on a schedule fee: 85 %, rounded up to the next five cents."""
    return up_to_five_cents(fee * OUT_OF_HOSPITAL)


def propose(*, registration: str, minutes: int, mode: str, on: date) -> MbsItem | None:
    """The individual item for a session of `minutes` on the day `on`, or None if Medicare pays nothing for it.

    The day is that of the service, not of the bill. Provisional psychologists can't bill; a session too short for
    the lowest item has none.
    """
    if registration not in BILLING:
        return None
    rows = (
        MbsItem.objects.in_force(on=on)
        .for_individuals()
        .filter(registration=registration, mode=mode)
        .order_by("-valid_from", "-min_minutes")
    )
    return next((row for row in rows if row.fits(minutes)), None)
