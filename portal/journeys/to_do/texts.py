"""Work about texts that the portal did not understand: somebody at the desk reads them, and answers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.journeys.to_do import steps
from portal.journeys.to_do.due import noon_or_five
from portal.journeys.to_do.kinds import TEXT_CAME
from portal.notifications.models import InboundText

A_WHILE, DAY = timedelta(hours=1), timedelta(days=1)
# Of a text, what stands on the list.
MOST_SHOWN: Final = 160


def raise_text(text: InboundText, *, by: Actor, now: datetime) -> None:
    """Puts a text on the desk's list, once."""
    due_at = noon_or_five(now + A_WHILE, ClinicSettings.current().zone)
    steps.put_on_list(
        TEXT_CAME,
        about=text,
        dedupe_key=f"{TEXT_CAME.name}:{text.code}",
        due_at=due_at,
        escalates_at=due_at + DAY,
        by=by,
        now=now,
    )
