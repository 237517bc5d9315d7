"""When the portal reminds of overdue invoices by itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from portal.audit import trail
from portal.billing.models import ReminderStages
from portal.common.access.actors import Actor


@transaction.atomic
def update_stages(*, values: Mapping[str, Any], by: Actor, now: datetime) -> ReminderStages:
    """Changes what differs of the one row."""
    row, _is_new = ReminderStages.objects.select_for_update(no_key=True).get_or_create(pk=1)
    changed = sorted(name for name, value in values.items() if getattr(row, name) != value)
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        row.save(update_fields=changed)
        trail.record("reminder_stages.changed", target=row, by=by, at=now, fields=changed)
    return row
