"""Where sessions stand with Medicare, as a calendar says it beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from portal.appointments.models import Appointment
from portal.journeys import better_access
from portal.medicare.ledger import Why
from portal.medicare.telling import standing_in_short


def traces(codes: Sequence[UUID], now: datetime) -> object:
    """What the signs of these sessions rest on: whatever counts in their patients' ledgers."""
    return (
        better_access.trace_of(
            Appointment.objects.filter(code__in=codes).order_by().values_list("patient", flat=True), now=now
        )
        if codes
        else ()
    )


def asides(codes: Sequence[UUID], now: datetime) -> Mapping[UUID, str]:
    """A few signs for each that Medicare may pay towards, by its code; the day's list says who has no referral."""
    found = better_access.standings_by_code(codes, now=now) if codes else {}
    return {
        code: standing_in_short(standing) for code, standing in found.items() if standing.why is not Why.NO_REFERRAL
    }
