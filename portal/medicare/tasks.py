"""What the queue does for the Medicare schedule. It may run twice: each line of a file is written once."""

from __future__ import annotations

from django.utils import timezone

from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.medicare import updating


def apply_update(update_id: int) -> None:
    """Writes a file of the schedule that a manager looked at."""
    now = timezone.now()
    updating.apply(update_id=update_id, today=ClinicSettings.current().today(now), now=now, by=Actor.system("schedule"))
