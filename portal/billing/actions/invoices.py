"""An invoice from its draft to the day it is issued, or void."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from portal.accounts.models import User
from portal.appointments.models import Appointment
from portal.audit import trail
from portal.billing import snapshot
from portal.billing.actions.amounts import check_seen
from portal.billing.actions.claims import check_not_paid, claim_lines, withdraw_claims
from portal.billing.actions.drawing import draw_soon
from portal.billing.actions.locking import lock_invoice, lock_session
from portal.billing.actions.numbering import numbered
from portal.billing.bulk import MEDICARE
from portal.billing.charges import Bill, Charge, bill_of, without_item
from portal.billing.models import AssignmentOfBenefit, Invoice, InvoiceStatus, Line, PatientPayer, Payer, Purpose
from portal.billing.refusals import (
    AlreadyInvoiced,
    ChangedMeanwhile,
    NotADraft,
    NotBillable,
    NothingToBill,
    NotPayable,
    PaidOn,
    ReasonMissing,
)
from portal.clinic.models import ClinicSettings, Location, Psychologist
from portal.common.access.actors import Actor
from portal.common.money import ZERO, in_cents
from portal.medicare.ledger import Standing
from portal.medicare.models import Referral
from portal.patients.models import Patient


@dataclass(frozen=True, slots=True)
class BillTo:
    """A payer, with their numbers for this patient."""

    payer: Payer
    purchase_order: str = ""
    claim_number: str = ""

    @classmethod
    def by(cls, link: PatientPayer | None) -> BillTo | None:
        """As a link between patient and payer says; None is the patient's own bill."""
        return cls(link.payer, link.purchase_order, link.claim_number) if link else None


@transaction.atomic
def draft_invoice(
    *,
    patient: Patient,
    psychologist: Psychologist,
    location: Location,
    charges: Sequence[Charge],
    appointment: Appointment | None = None,
    purpose: Purpose = Purpose.SESSION,
    bill_to: BillTo | None = None,
    bulk_billed: bool = False,
    by: Actor,
    now: datetime,
) -> Invoice:
    """Begins an invoice. It goes to the carer who is billed, else to the patient, unless `bill_to` says which payer.

    What is `bulk_billed` goes to Medicare alone, and what an insurer or another third party is billed has no item.
    Raises NothingToBill when there are no charges, or they come to less than nothing.
    """
    clinic = ClinicSettings.current()
    payer = bill_to.payer if bill_to and not bulk_billed else None
    if payer and payer.is_third_party:
        charges = [without_item(charge) for charge in charges]
    bill = bill_of(charges, clinic=clinic)
    sums = bill.sums
    if not bill.may_stand:
        raise NothingToBill
    issued_on = clinic.today(now)
    invoice = numbered(
        Invoice,
        "INV",
        purpose=purpose,
        bulk_billed=bulk_billed,
        patient=patient,
        appointment=appointment,
        psychologist=psychologist,
        location=location,
        **(_BY_MEDICARE if bulk_billed else _billed(patient, bill_to)),
        issued_on=issued_on,
        due_on=issued_on + _terms(payer, clinic),
        subtotal=sums.price,
        gst=sums.gst,
        total=sums.total,
        payable=sums.total,
        rebate=sums.rebate,
        out_of_pocket=sums.out_of_pocket,
        created_at=now,
        created_by=by.user,
    )
    Line.objects.bulk_create(lines_of(invoice, bill))
    trail.record("invoice.drafted", by=by, target=invoice, at=now, purpose=purpose, total_cents=in_cents(sums.total))
    return invoice


def lines_of(invoice: Invoice, bill: Bill) -> list[Line]:
    """The rows of an invoice, in the order of its charges."""
    return [
        Line(
            invoice=invoice,
            position=position,
            description=charge.description,
            item_number=charge.item_number,
            service_date=charge.service_date,
            starts_at=charge.starts_at,
            minutes=charge.minutes,
            mode=charge.mode,
            quantity=charge.quantity,
            unit_price=charge.unit_price,
            tax_code=charge.tax_code,
            gst=amounts.gst,
            total=amounts.total,
            benefit=amounts.rebate,
            item_proposed=charge.item_proposed,
            item_reason=charge.item_reason,
            is_outside=charge.is_outside,
            attended=charge.attended,
            remoteness=charge.remoteness,
            kilometres=charge.kilometres,
        )
        for position, (charge, amounts) in enumerate(bill.rows, start=1)
    ]


def _billed(patient: Patient, bill_to: BillTo | None) -> dict[str, Any]:
    """Whom an invoice is made out to: the payer, else the carer who is billed, else the patient."""
    if bill_to is not None:
        payer = bill_to.payer
        return {
            "billed_user": None,
            "payer": payer,
            "bill_to_name": payer.bill_to,
            "bill_to_address": payer.address,
            "bill_to_abn": payer.abn,
            "purchase_order": bill_to.purchase_order,
            "claim_number": bill_to.claim_number,
        }
    carer = patient.carers.in_force().filter(is_billed=True).select_related("user__patient").first()
    return {
        "billed_user": carer.user if carer else patient.user,
        "payer": None,
        "bill_to_name": _legal_name(carer.user) if carer else patient.legal_name,
        "bill_to_address": _address_of(patient),
        "bill_to_abn": "",
        "purchase_order": "",
        "claim_number": "",
    }


# Whom an invoice that is bulk-billed is made out to.
_BY_MEDICARE: dict[str, Any] = {
    "billed_user": None,
    "payer": None,
    "bill_to_name": MEDICARE,
    "bill_to_address": "",
    "bill_to_abn": "",
    "purchase_order": "",
    "claim_number": "",
}


def put_bill_to(invoice: Invoice, bill_to: BillTo | None, *, clinic: ClinicSettings) -> None:
    """Makes a draft out to somebody else, in memory."""
    for name, value in _billed(invoice.patient, bill_to).items():
        setattr(invoice, name, value)
    invoice.due_on = invoice.issued_on + _terms(invoice.payer, clinic)


def _terms(payer: Payer | None, clinic: ClinicSettings) -> timedelta:
    """How long whoever is billed has to pay."""
    own = payer.terms_days if payer else None
    return timedelta(days=clinic.payment_terms_days if own is None else own)


def _due_on(invoice: Invoice, clinic: ClinicSettings) -> date:
    """By when it is paid: what is asked ahead of a session by its day at the latest, as it was said."""
    due = invoice.issued_on + _terms(invoice.payer, clinic)
    if invoice.purpose != Purpose.DEPOSIT or invoice.appointment is None:
        return due
    on_the_day = invoice.appointment.location.day_of(invoice.appointment.starts_at)
    return max(invoice.issued_on, min(due, on_the_day))


def _legal_name(user: User) -> str:
    """Of an account: Medicare pays whoever was billed by the name that it knows."""
    record: Patient | None = getattr(user, "patient", None)
    return record.legal_name if record else user.name


def _address_of(patient: Patient) -> str:
    town = " ".join(part for part in (patient.suburb, patient.state, patient.postcode) if part)
    return ", ".join(part for part in (patient.street, town) if part)


@transaction.atomic
def issue_invoice(
    *,
    invoice: Invoice,
    referral: Referral | None = None,
    standing: Standing | None = None,
    assignment: AssignmentOfBenefit | None = None,
    by: Actor,
    now: datetime,
    seen: str | None = None,
) -> Invoice:
    """Freezes a draft and everything it prints, dated today on the clinic's calendar; raises NotADraft.

    What it claims from Medicare is written down under the `referral`, and printed is which service of it that is.
    Raises ChangedMeanwhile where it is not as it was `seen` (`draft_as_shown`).
    """
    invoice = lock_invoice(invoice)
    if invoice.status != InvoiceStatus.DRAFT:
        raise NotADraft
    if seen is not None and seen != draft_as_shown(invoice):
        raise ChangedMeanwhile(invoice)
    clinic = ClinicSettings.current()
    invoice.issued_on = clinic.today(now)
    invoice.due_on = _due_on(invoice, clinic)
    invoice.status = InvoiceStatus.ISSUED
    invoice.snapshot = snapshot.take(invoice, clinic=clinic, referral=referral, standing=standing)
    invoice.save(update_fields=["status", "issued_on", "due_on", "snapshot"])
    claim_lines(invoice, referral=referral, assignment=assignment, by=by, now=now)
    trail.record(
        "invoice.issued", by=by, target=invoice, at=now, purpose=invoice.purpose, total_cents=in_cents(invoice.total)
    )
    draw_soon(invoice)
    return invoice


def draft_as_shown(invoice: Invoice) -> str:
    """What a page that edits or issues a draft knew of it, as one word: an old page does nothing."""
    lines = invoice.lines.values_list("description", "service_date", "quantity", "unit_price", "tax_code")
    facts = (
        *(invoice.status, invoice.psychologist_id, invoice.location_id, invoice.payer_id),
        *(invoice.purchase_order, invoice.claim_number, *lines.order_by("position")),
    )
    return hashlib.sha256("|".join(map(str, facts)).encode()).hexdigest()[:32]


@transaction.atomic
def bill(
    *,
    appointment: Appointment,
    purpose: Purpose,
    charges: Sequence[Charge],
    referral: Referral | None = None,
    standing: Standing | None = None,
    bill_to: BillTo | None = None,
    assignment: AssignmentOfBenefit | None = None,
    by: Actor,
    now: datetime,
) -> Invoice:
    """Issues the invoice of a session for one purpose; `referral` is the one that it is claimed under.

    `standing` says which service of it that is. With an `assignment` of the benefit it is bulk-billed.

    Raises NotBillable where the session's state does not allow it, and AlreadyInvoiced when it has an invoice for this:
    of two who press at once, the second is shown what the first did.
    """
    appointment = lock_session(appointment)
    if appointment.patient is None or not may_bill(appointment, purpose, now=now):
        raise NotBillable
    if existing := Invoice.objects.live().filter(appointment=appointment).for_purpose(purpose).first():
        raise AlreadyInvoiced(existing)
    draft = draft_invoice(
        patient=appointment.patient,
        psychologist=appointment.psychologist,
        location=appointment.location,
        appointment=appointment,
        purpose=purpose,
        charges=charges,
        bill_to=bill_to,
        bulk_billed=assignment is not None,
        by=by,
        now=now,
    )
    return issue_invoice(invoice=draft, referral=referral, standing=standing, assignment=assignment, by=by, now=now)


def may_bill(appointment: Appointment, purpose: Purpose, *, now: datetime) -> bool:
    """Whether this may be asked for: nothing for a session before it starts, and no fee for one that was held."""
    match purpose:
        case Purpose.SESSION:
            return appointment.is_completed and appointment.starts_at <= now
        case Purpose.DEPOSIT:
            return appointment.is_open
        case Purpose.LATE_FEE:
            return appointment.is_cancelled and appointment.late
        case Purpose.NO_SHOW:
            return appointment.is_missed and appointment.starts_at <= now
        case Purpose.OTHER:
            return False


@transaction.atomic
def void_invoice(*, invoice: Invoice, reason: str, by: Actor, now: datetime, seen: str | None = None) -> Invoice:
    """Takes an invoice back, with the reason; it stays in the books. Raises PaidOn while money stands against it.

    Raises ChangedMeanwhile where it is not as it was `seen` (`Invoice.seen_as`), by money that was taken off it, and
    ClaimApproved while Medicare's answer is that it pays.
    """
    invoice = lock_invoice(invoice)
    if invoice.status == InvoiceStatus.VOID:
        raise NotPayable
    if invoice.paid:
        raise PaidOn(invoice.paid)
    check_seen(invoice, seen)
    if not reason.strip():
        raise ReasonMissing
    for line in invoice.lines.all():
        check_not_paid(line, charged=ZERO)
    invoice.status = InvoiceStatus.VOID
    invoice.voided_at, invoice.voided_by, invoice.void_reason = now, by.user, reason.strip()
    invoice.save(update_fields=["status", "voided_at", "voided_by", "void_reason"])
    withdraw_claims(list(invoice.lines.all()), by=by, now=now)
    trail.record("invoice.voided", by=by, target=invoice, at=now, total_cents=in_cents(invoice.total))
    return invoice
