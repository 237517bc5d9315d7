"""What the invented clinic's desk sent out about old invoices, and the view of them that it keeps."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from portal.billing.actions import dispatching, saving_views
from portal.billing.actions.stages import update_stages
from portal.billing.models import Dispatch, Invoice
from portal.billing.models.invoice import Standing
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor

PRINTED, REMINDED = timedelta(days=5), timedelta(days=3)


def send(*, by: Actor, now: datetime) -> None:
    """Prints what is overdue, and reminds of the oldest: of the others somebody may."""
    saving_views.save_view(name="Overdue, oldest first", query="sort=due_on&standing=overdue", by=by, now=now)
    overdue = Invoice.objects.standing(Standing.OVERDUE, today=ClinicSettings.current().today(now))
    old = list(overdue.filter(created_at__lt=now - PRINTED).order_by("due_on", "pk")[:2])
    dispatching.mark_printed([invoice.pk for invoice in old], run=uuid.uuid4(), by=by, now=now - PRINTED)
    update_stages(values={"is_on": True}, by=by, now=now)
    dispatching.mark_reminded(old[:1], what=Dispatch.What.LETTER, run=uuid.uuid4(), by=by, now=now - REMINDED)
