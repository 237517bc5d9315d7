"""What went out of an invoice on paper, or reminded of it: written down for the list and for whoever asks later."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from portal.audit import trail
from portal.billing.models import REMINDED_EVERY, Dispatch, Invoice
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


def reminded_last(invoices: Iterable[int]) -> dict[int, datetime]:
    """When somebody was reminded of each of these last, by their ids; without those of which nobody was."""
    rows = Dispatch.objects.reminders().filter(invoice__in=list(invoices)).order_by()
    return dict(rows.values_list("invoice").annotate(Max("made_at")))


def may_remind(last: datetime, *, now: datetime) -> bool:
    """Whether long enough ago somebody was reminded: the database refuses one who is asked again before."""
    return now - last >= REMINDED_EVERY


@transaction.atomic
def mark_reminded(
    invoices: Iterable[Invoice],
    *,
    what: Dispatch.What,
    run: UUID,
    by: Actor,
    now: datetime,
    stages: Mapping[int, int] | None = None,
) -> None:
    """Writes down that somebody was reminded of these invoices, which the caller holds locked.

    `stages` says by their ids which of the portal's own reminders it is of them.
    """
    rows, numbers = sorted(invoices, key=lambda invoice: invoice.pk), stages or {}
    Dispatch.objects.bulk_create(
        Dispatch(
            invoice=invoice,
            what=what,
            run=run,
            stage=numbers.get(invoice.pk),
            made_at=now,
            made_by=by.user,
        )
        for invoice in rows
    )
    for invoice in rows:
        trail.record("invoice.reminded", target=invoice, by=by, at=now)
