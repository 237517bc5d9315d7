"""An invoice that somebody types, without a session that is checked out: a report, a form, a letter, anything else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from portal.audit import trail
from portal.billing.actions.invoices import BillTo, draft_as_shown, draft_invoice, lines_of, put_bill_to
from portal.billing.actions.locking import lock_invoice
from portal.billing.charges import Charge, bill_of
from portal.billing.models import Invoice, InvoiceStatus, Line, Purpose
from portal.billing.refusals import ChangedMeanwhile, NotADraft, NothingToBill
from portal.clinic.models import ClinicSettings, Location, Psychologist
from portal.common.access.actors import Actor
from portal.common.money import in_cents
from portal.patients.models import Patient


@transaction.atomic
def type_invoice(
    *,
    patient: Patient,
    psychologist: Psychologist,
    location: Location,
    charges: Sequence[Charge],
    bill_to: BillTo | None,
    by: Actor,
    now: datetime,
) -> Invoice:
    """Begins an invoice of what was typed; raises NothingToBill."""
    return draft_invoice(
        patient=patient,
        psychologist=psychologist,
        location=location,
        charges=charges,
        purpose=Purpose.OTHER,
        bill_to=bill_to,
        by=by,
        now=now,
    )


@transaction.atomic
def change_draft(
    *,
    invoice: Invoice,
    psychologist: Psychologist,
    location: Location,
    charges: Sequence[Charge],
    bill_to: BillTo | None,
    seen: str,
    by: Actor,
    now: datetime,
) -> Invoice:
    """Writes a typed draft anew. Raises NotADraft, NothingToBill, and ChangedMeanwhile unless it is as `seen`."""
    invoice = lock_invoice(invoice)
    if invoice.status != InvoiceStatus.DRAFT or invoice.purpose != Purpose.OTHER:
        raise NotADraft
    if seen != draft_as_shown(invoice):
        raise ChangedMeanwhile(invoice)
    clinic = ClinicSettings.current()
    bill = bill_of(charges, clinic=clinic)
    if not bill.may_stand:
        raise NothingToBill
    sums = bill.sums
    invoice.lines.all().delete()
    put_bill_to(invoice, bill_to, clinic=clinic)
    invoice.psychologist, invoice.location = psychologist, location
    invoice.subtotal, invoice.gst, invoice.total, invoice.payable = sums.price, sums.gst, sums.total, sums.total
    invoice.out_of_pocket = sums.out_of_pocket
    invoice.save(
        update_fields=[
            *("psychologist", "location", "billed_user", "payer", "bill_to_name", "bill_to_address", "bill_to_abn"),
            *("purchase_order", "claim_number", "due_on", "subtotal", "gst", "total", "payable", "out_of_pocket"),
        ]
    )
    Line.objects.bulk_create(lines_of(invoice, bill))
    trail.record("invoice.draft_changed", by=by, target=invoice, at=now, total_cents=in_cents(sums.total))
    return invoice
