"""The desk of the demo closed its last days, each place for itself; yesterday in Footscray is still to be closed."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from decimal import Decimal

from portal.billing import actions
from portal.billing.models import Method
from portal.clinic.models import ClinicSettings, Location
from portal.common.access.actors import Actor
from portal.reports.closing import read_close

DAYS = 6
FLOAT, SHORT = Decimal("150.00"), Decimal("2.50")


def close_days(*, by: Actor, now: datetime) -> None:
    """Six days back, each at six in the evening; one drawer was a little short."""
    clinic = ClinicSettings.current()
    for n, slug in enumerate(("brunswick", "footscray")):
        place = Location.objects.get(slug=slug)
        for back in range(DAYS, n, -1):
            day = place.day_of(now) - timedelta(days=back)
            evening = datetime.combine(day, time(18), place.zone)
            sheet = read_close(by, place, day, clinic=clinic, now=evening)
            cash, card = sheet.takings.cash, sheet.takings.net(Method.CARD)
            opening = sheet.last.kept if sheet.last else FLOAT
            is_short = back == DAYS - 1
            counted = opening + cash - (SHORT if is_short else 0)
            actions.close_day(
                place=place,
                day=day,
                opening=opening,
                counted=counted,
                kept=min(FLOAT, counted),
                terminal=card,
                explanation="Change for parking, no slip" if is_short else "",
                sheet=sheet.as_kept(),
                seen=sheet.takings.seen_as,
                by=by,
                now=evening,
            )
