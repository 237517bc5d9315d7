"""By when work is to be done: at noon or at five, when somebody looks, and not at 5:56 in the morning."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

from portal.common.languages.times import local_day

NOON, FIVE = time(12), time(17)


def noon_or_five(moment: datetime, zone: ZoneInfo) -> datetime:
    """The first noon or five o'clock in `zone` that is not before `moment`."""
    day = local_day(moment, zone)
    at = (datetime.combine(day + timedelta(days=later), clock, zone) for later, clock in product((0, 1), (NOON, FIVE)))
    return next(candidate for candidate in at if candidate >= moment)
