"""A payment plan of the invented clinic, of which a part is missing."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from portal.billing.actions.plans import agree_plan
from portal.billing.models import Invoice
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.journeys.to_do import owing

PARTS = 4


def agree(*, desk: Actor, now: datetime) -> None:
    """Somebody pays in four parts, a fortnight apart, and the first was not paid yet."""
    today = ClinicSettings.current().today(now)
    unpaid = Invoice.objects.owing().filter(payer=None, bulk_billed=False, patient__user=None)
    invoice = unpaid.order_by("due_on", "pk").first()
    if invoice is None:
        return
    part = (invoice.balance / PARTS).quantize(Decimal("0.01"))
    amounts = [part] * (PARTS - 1) + [invoice.balance - part * (PARTS - 1)]
    first = today - timedelta(days=3)
    agree_plan(
        owner=invoice.patient,
        invoices=[invoice],
        total=invoice.balance,
        instalments=[(first + timedelta(weeks=2 * n), amount) for n, amount in enumerate(amounts)],
        by=desk,
        now=now - timedelta(days=9),
    )
    owing.go_round(by=Actor.system("worklist"), now=now)
