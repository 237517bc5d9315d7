"""A day of a place is looked over and closed by a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from portal.audit import trail
from portal.billing.models import ClosedPayment, DayClose, Method
from portal.billing.refusals import CloseRefused, TakingsChanged, Unexplained
from portal.billing.takings import Takings, last_close, takings_of
from portal.clinic.models import ClinicSettings, Location
from portal.common.access.actors import Actor
from portal.common.money import ZERO, in_cents


@transaction.atomic
def close_day(
    *,
    place: Location,
    day: date,
    opening: Decimal,
    counted: Decimal,
    kept: Decimal,
    terminal: Decimal | None,
    explanation: str,
    sheet: Mapping[str, Any],
    seen: str,
    by: Actor,
    now: datetime,
) -> DayClose:
    """Closes a day of a place with what was found in its drawer; `sheet` is the page as it was.

    Raises CloseRefused (with the close that stands in the way) where that day or a later one is closed, TakingsChanged
    where money was entered since the page was `seen`, and Unexplained where what was found, now or in the morning,
    differs and nobody says why.
    """
    # Of two who close at once the second waits here, and sees what the first did.
    Location.objects.select_for_update().get(pk=place.pk)
    last = last_close(place)
    if last is not None and last.day >= day:
        raise CloseRefused(last)
    takings = takings_of(place, day, clinic=ClinicSettings.current(), last=last)
    if takings.seen_as != seen:
        raise TakingsChanged
    cash, card, explanation = takings.cash, takings.net(Method.CARD), explanation.strip()
    differs = differences(takings, last=last, opening=opening, counted=counted, terminal=terminal)
    if differs and not explanation:
        raise differs
    close = DayClose.objects.create(
        location=place,
        day=day,
        closed_at=now,
        closed_by=by.person,
        opening=opening,
        cash=cash,
        counted=counted,
        kept=kept,
        card=card,
        terminal=terminal,
        difference=counted - opening - cash,
        explanation=explanation,
        sheet=dict(sheet),
    )
    ClosedPayment.objects.bulk_create(
        [ClosedPayment(close=close, payment=payment) for payment in takings.payments]
        + [ClosedPayment(close=close, payment=payment, is_late=True) for payment in takings.late]
    )
    trail.record(
        "day.closed",
        by=by,
        target=close,
        at=now,
        day=day,
        place=str(place.code),
        takings_cents=in_cents(takings.total),
        difference_cents=in_cents(close.difference),
    )
    return close


def differences(
    takings: Takings, *, last: DayClose | None, opening: Decimal, counted: Decimal, terminal: Decimal | None
) -> Unexplained | None:
    """By how much what was found differs from the books and from what the `last` close left; None where all agree."""
    drawer = counted - opening - takings.cash
    by_terminal = ZERO if terminal is None else terminal - takings.net(Method.CARD)
    by_opening = ZERO if last is None else opening - last.kept
    return Unexplained(drawer, by_terminal, by_opening) if drawer or by_terminal or by_opening else None
