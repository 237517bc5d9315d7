"""What a visitor's browser session remembers of the time that they hold; every page can ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from portal.appointments.models import Appointment
from portal.clinic import kept

KEY = "hold"
# Until when it is held, in seconds since 1970: once that is over, no page asks the database for it.
UNTIL = "until"


def time_held(session: Mapping[str, Any], *, now: datetime) -> Appointment | None:
    """The time that is held at `now`, with its people and place; none once it ran out, or was booked."""
    remembered = session.get(KEY) or {}
    if remembered.get(UNTIL, 0) <= now.timestamp():
        return None
    held = Appointment.objects.holds().filter(code=remembered["code"]).first()
    if held is None or not held.is_held(now=now):
        return None
    held.psychologist, held.service = kept.psychologists()[held.psychologist_id], kept.services()[held.service_id]
    held.location = kept.places()[held.location_id]
    return held
