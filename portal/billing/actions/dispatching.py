"""What went out of an invoice on paper, or reminded of it: written down for the list and for whoever asks later."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from portal.billing.models import Dispatch, Invoice
from portal.common.access.actors import Actor


@transaction.atomic
def mark_printed(invoices: Collection[int], *, run: UUID, by: Actor, now: datetime) -> None:
    """Writes down that these invoices, by their ids, were printed together; of a run no more than once.

    What was voided meanwhile is left out.
    """
    standing = Invoice.objects.issued().filter(pk__in=invoices).order_by("pk")
    ids = set(standing.select_for_update(no_key=True).values_list("pk", flat=True))
    ids -= set(Dispatch.objects.filter(run=run, what=Dispatch.What.PRINTED).values_list("invoice", flat=True))
    Dispatch.objects.bulk_create(
        Dispatch(invoice_id=pk, what=Dispatch.What.PRINTED, run=run, made_at=now, made_by=by.user) for pk in sorted(ids)
    )
