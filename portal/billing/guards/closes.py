"""Days that were closed never change, nor which payments they counted, nor what psychologists are paid by."""

from __future__ import annotations

from portal.billing.guards.words import CLOSE_NEVER, CLOSED_PAYMENT, DAY_CLOSE, SHARE, SHARE_NEVER
from portal.common.guards import frozen

CLOSES = frozen(
    "the closed days", prefix="day_close", table=DAY_CLOSE, words=CLOSE_NEVER, keys=(("code",), ("location_id", "day"))
)
CLOSED_PAYMENTS = frozen(
    "the payments of closed days",
    prefix="closed_payment",
    table=CLOSED_PAYMENT,
    words=CLOSE_NEVER,
    keys=(("payment_id",),),
)
SHARES = frozen("what psychologists are paid by", prefix="pay_share", table=SHARE, words=SHARE_NEVER, keys=(("code",),))
