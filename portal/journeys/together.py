"""Many invoices at once, by the worker: printed as one PDF, e-mailed each to whoever is billed, or reminded of."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from io import BytesIO

from django.db import transaction
from django.utils import timezone
from django_q.tasks import async_task

from portal.accounts.roles import Role
from portal.audit import trail
from portal.billing.actions import dispatching
from portal.billing.models import BulkRun, Invoice, InvoiceStatus
from portal.billing.refusals import HeldBack
from portal.common.access.actors import Actor
from portal.journeys import claim_checks, mailing, reminding

# More at once are more than a printer's tray, and more than anybody looks through.
MOST = 500
KEPT_FOR = timedelta(days=1)
# The queue ends a task after a minute. A part takes half of one, and has another task go on.
SECONDS = 30.0
GOES_THROUGH = "portal.journeys.together.go_through"


@transaction.atomic
def begin(*, kind: str, invoices: Sequence[int], by: Actor, now: datetime) -> BulkRun:
    """Has the worker print, e-mail or remind of these invoices, by their ids, in this order; no more than `MOST`."""
    run = BulkRun.objects.create(kind=kind, invoices=list(invoices[:MOST]), created_at=now, created_by=by.person)
    trail.record("bulk.begun", by=by, target=run, at=now, kind=kind, invoices=run.count)
    transaction.on_commit(partial(async_task, GOES_THROUGH, run.pk), robust=True)
    return run


def go_through(pk: int) -> None:
    """The worker's part, half a minute of it at a time. It may run twice, or begin again after it was stopped.

    Nobody gets two e-mails: each is known by the run, and what is done is not done again.
    """
    run = (
        BulkRun.objects.select_related("created_by")
        .exclude(kind=BulkRun.Kind.ISSUE)
        .filter(pk=pk, finished_at__isnull=True)
        .first()
    )
    if run is None:
        return
    until = time.monotonic() + SECONDS
    if run.kind == BulkRun.Kind.PRINT:
        is_done = _draw(run, until=until)
        if is_done:
            _print(run)
    elif run.kind == BulkRun.Kind.REMIND:
        is_done = reminding.go_through(run, until=until)
    else:
        is_done = _send(run, until=until)
    if not is_done:
        with transaction.atomic():
            async_task(GOES_THROUGH, run.pk)


def _draw(run: BulkRun, *, until: float) -> bool:
    """Has each paper drawn that may leave the clinic, and kept; says whether that was all of them."""
    from portal.billing.paper import invoice_pdf

    for n, pk in enumerate(run.invoices[run.done :], start=run.done + 1):
        invoice, now = Invoice.objects.get(pk=pk), timezone.now()
        if claim_checks.may_print(invoice, now=now):
            invoice_pdf(invoice, now=now)
        elif pk not in run.held_back:
            run.held_back = [*run.held_back, pk]
        run.done = n
        run.save(update_fields=["done", "held_back"])
        if n < run.count and time.monotonic() > until:
            return False
    return True


def _print(run: BulkRun) -> None:
    """Puts the papers that were drawn into one."""
    from pypdf import PdfReader, PdfWriter  # like the paper itself slow to load

    from portal.billing.paper import invoice_pdf

    writer, now = PdfWriter(), timezone.now()
    printed = [pk for pk in run.invoices if pk not in set(run.held_back)]
    for pk in printed:
        writer.append(PdfReader(BytesIO(invoice_pdf(Invoice.objects.get(pk=pk), now=now))))
    if printed:
        out = BytesIO()
        writer.write(out)
        run.pdf = out.getvalue()
    with transaction.atomic():
        dispatching.mark_printed(printed, run=run.code, by=Actor(run.created_by, Role.RECEPTION), now=now)
        run.finished_at = now
        run.save(update_fields=["finished_at", "pdf"])


def _send(run: BulkRun, *, until: float) -> bool:
    by = Actor(run.created_by, Role.RECEPTION)
    for pk in run.invoices[run.done :]:
        invoice = Invoice.objects.select_related("patient__user", "billed_user").get(pk=pk)
        goes = invoice.status == InvoiceStatus.ISSUED and mailing.address_for(invoice)
        if goes:
            try:
                mailing.send_invoice(invoice=invoice, key=f"bulk:{run.code}", by=by, now=timezone.now())
            except HeldBack:
                run.held_back = [*run.held_back, pk]
        run.done += 1
        run.skipped += not goes
        run.save(update_fields=["done", "skipped", "held_back"])
        if run.done < run.count and time.monotonic() > until:
            return False
    run.finished_at = timezone.now()
    run.save(update_fields=["finished_at"])
    return True


def put_away() -> int:
    """Each night: lets go of what was printed and sent the day before, and says how many those were."""
    return BulkRun.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()[0]
