"""What may be done to the books. Each is one transaction with its line in the trail.

The database checks every sum again (guards.py). Whoever touches money first locks its invoice.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.db import IntegrityError, models, transaction
from django.db.models import Sum

from portal.appointments.models import Appointment, Status
from portal.audit import trail
from portal.billing import snapshot
from portal.billing.models import Allocation, Invoice, InvoiceStatus, Line, Payment
from portal.billing.pricing import NewLine, amounts_of, sum_of
from portal.billing.refusals import (
    AlreadyInvoiced,
    KeyReused,
    NotADraft,
    NotBillable,
    NothingToBill,
    NotPayable,
    NotRefundable,
    Overpayment,
    PaidOn,
    ReasonMissing,
    WrongAmount,
)
from portal.clinic.models import ClinicSettings, Location, Psychologist
from portal.common.money import CENT, ZERO, cents, in_cents
from portal.common.policy import Actor
from portal.medicare import schedule
from portal.medicare.models import Referral
from portal.patients.models import Patient

M = TypeVar("M", bound=models.Model)

# Four thousand million numbers; five tries in a row that all hit a used one do not happen.
TRIES = 5


def _numbered(model: type[M], prefix: str, **fields: Any) -> M:
    """Makes a row under a new number, such as `INV-` and eight upper-case hex digits; one in use is drawn again."""
    for _ in range(TRIES):
        number = f"{prefix}-{uuid.uuid4().hex[:8].upper()}"
        try:
            with transaction.atomic():
                return model._default_manager.create(number=number, **fields)
        except IntegrityError:
            if not model._default_manager.filter(number=number).exists():
                raise
    raise RuntimeError(f"{TRIES} numbers in a row were in use")


# ---- Invoices --------------------------------------------------------------------------------------------------------


@transaction.atomic
def draft_invoice(
    *,
    patient: Patient,
    psychologist: Psychologist,
    location: Location,
    lines: Sequence[NewLine],
    appointment: Appointment | None = None,
    bill_to_name: str = "",
    bill_to_address: str = "",
    bill_to_abn: str = "",
    by: Actor,
    now: datetime,
) -> Invoice:
    """Begins an invoice. It goes to the carer who is billed, else to the patient, unless `bill_to_name` says whom.

    Raises NothingToBill when there are no lines, or they come to less than nothing.
    """
    clinic = ClinicSettings.current()
    priced = [(line, amounts_of(line, gst_registered=clinic.gst_registered)) for line in lines]
    sums = sum_of(amounts for _, amounts in priced)
    if not priced or sums.total < 0 or sums.gst < 0:
        raise NothingToBill
    carer = patient.carers.in_force().filter(is_billed=True).select_related("user").first()
    billed_user = None if bill_to_name else (carer.user if carer else patient.user)
    issued_on = now.astimezone(ZoneInfo(clinic.time_zone)).date()
    invoice = _numbered(
        Invoice,
        "INV",
        patient=patient,
        appointment=appointment,
        psychologist=psychologist,
        location=location,
        billed_user=billed_user,
        bill_to_name=bill_to_name or (carer.user.name if carer else patient.legal_name),
        bill_to_address=bill_to_address or _address_of(patient),
        bill_to_abn=bill_to_abn,
        issued_on=issued_on,
        due_on=issued_on + timedelta(days=clinic.payment_terms_days),
        subtotal=sums.price,
        gst=sums.gst,
        total=sums.total,
        rebate=sums.rebate,
        out_of_pocket=sums.out_of_pocket,
        created_at=now,
        created_by=by.user,
    )
    Line.objects.bulk_create(
        Line(
            invoice=invoice,
            position=position,
            description=line.description,
            item_number=line.item_number,
            service_date=line.service_date,
            starts_at=line.starts_at,
            minutes=line.minutes,
            mode=line.mode,
            quantity=line.quantity,
            unit_price=line.unit_price,
            tax_code=line.tax_code,
            gst=amounts.gst,
            total=amounts.total,
            benefit=amounts.rebate,
        )
        for position, (line, amounts) in enumerate(priced, start=1)
    )
    trail.record("invoice.drafted", by=by, target=invoice, at=now, total_cents=in_cents(sums.total))
    return invoice


def _address_of(patient: Patient) -> str:
    town = " ".join(part for part in (patient.suburb, patient.state, patient.postcode) if part)
    return ", ".join(part for part in (patient.street, town) if part)


@transaction.atomic
def issue_invoice(*, invoice: Invoice, referral: Referral | None = None, by: Actor, now: datetime) -> Invoice:
    """Freezes a draft and everything it prints, dated today on the clinic's calendar; raises NotADraft."""
    invoice = _locked(invoice)
    if invoice.status != InvoiceStatus.DRAFT:
        raise NotADraft
    clinic = ClinicSettings.current()
    invoice.issued_on = now.astimezone(ZoneInfo(clinic.time_zone)).date()
    invoice.due_on = invoice.issued_on + timedelta(days=clinic.payment_terms_days)
    invoice.status = InvoiceStatus.ISSUED
    invoice.snapshot = snapshot.take(invoice, clinic=clinic, referral=referral)
    invoice.save(update_fields=["status", "issued_on", "due_on", "snapshot"])
    trail.record("invoice.issued", by=by, target=invoice, at=now, total_cents=in_cents(invoice.total))
    return invoice


@transaction.atomic
def invoice_session(
    *,
    appointment: Appointment,
    by: Actor,
    now: datetime,
    fee: Decimal | None = None,
    claimable: bool = True,
    referral: Referral | None = None,
    extra: Sequence[NewLine] = (),
) -> Invoice:
    """Issues the invoice of a session that took place, at the fee it was booked at unless `fee` says another.

    The Medicare item and its rebate are printed when the service and the psychologist may be claimed for, a referral
    covers the day, and `claimable` is true; `referral` picks one, else the newest that covers it counts. `extra` are
    lines besides. Raises NotBillable, or AlreadyInvoiced when the session has an invoice: a double click makes one.
    """
    appointment = (
        Appointment.objects.select_for_update(of=("self",))
        .select_related("service", "psychologist__user", "patient", "location")
        .get(pk=appointment.pk)
    )
    if appointment.status != Status.COMPLETED:
        raise NotBillable
    if existing := Invoice.objects.live().filter(appointment=appointment).first():
        raise AlreadyInvoiced(existing)
    # The day of the service is that on which it began, where it took place.
    day = appointment.local_start.date()
    covering = (referral or _referral_for(appointment, day)) if claimable else None
    item = (
        schedule.propose(
            registration=appointment.psychologist.registration,
            minutes=appointment.minutes,
            mode=appointment.mode,
            on=day,
        )
        if covering is not None and covering.is_for_medicare and appointment.service.medicare
        else None
    )
    line = NewLine(
        description=appointment.service.name,
        unit_price=appointment.fee if fee is None else fee,
        tax_code=appointment.service.tax_code,
        item_number=item.item if item else "",
        benefit=item.benefit if item else ZERO,
        service_date=day,
        starts_at=appointment.starts_at,
        minutes=appointment.minutes,
        mode=appointment.mode,
    )
    invoice = draft_invoice(
        patient=appointment.patient,
        psychologist=appointment.psychologist,
        location=appointment.location,
        appointment=appointment,
        lines=[line, *extra],
        by=by,
        now=now,
    )
    return issue_invoice(invoice=invoice, referral=covering, by=by, now=now)


def _referral_for(appointment: Appointment, day: date) -> Referral | None:
    return Referral.objects.filter(patient=appointment.patient).covering(on=day).first()


@transaction.atomic
def void_invoice(*, invoice: Invoice, reason: str, by: Actor, now: datetime) -> Invoice:
    """Takes an invoice back, with the reason; it stays in the books. Raises PaidOn while money stands against it."""
    invoice = _locked(invoice)
    if invoice.status == InvoiceStatus.VOID:
        raise NotPayable
    if invoice.paid:
        raise PaidOn(invoice.paid)
    if not reason.strip():
        raise ReasonMissing
    invoice.status = InvoiceStatus.VOID
    invoice.voided_at, invoice.voided_by, invoice.void_reason = now, by.user, reason.strip()
    invoice.save(update_fields=["status", "voided_at", "voided_by", "void_reason"])
    trail.record("invoice.voided", by=by, target=invoice, at=now, total_cents=in_cents(invoice.total))
    return invoice


# ---- Payments --------------------------------------------------------------------------------------------------------


@transaction.atomic
def record_payment(
    *,
    invoice: Invoice,
    amount: Decimal,
    method: str,
    key: str,
    by: Actor,
    now: datetime,
    reference: str = "",
    received_on: date | None = None,
) -> Payment:
    """Records money that came for an invoice, in dollars; asked again with the same `key` it answers the same payment.

    Raises WrongAmount, Overpayment (with what is owing), NotPayable on a draft or a void invoice, and KeyReused when
    the key belongs to another payment. `received_on` is today on the clinic's calendar unless it is said.
    """
    invoice = _locked(invoice)
    if earlier := _by_key(key):
        return _the_same(earlier, invoice, amount)
    _check_amount(amount)
    if invoice.status != InvoiceStatus.ISSUED:
        raise NotPayable
    if amount > invoice.balance:
        raise Overpayment(invoice.balance)
    payment = _take(
        invoice, amount=amount, method=method, key=key, by=by, now=now, reference=reference, received_on=received_on
    )
    trail.record(
        "payment.recorded", by=by, target=payment, at=now, invoice=str(invoice.code), amount_cents=in_cents(amount)
    )
    return payment


@transaction.atomic
def refund_payment(
    *,
    payment: Payment,
    invoice: Invoice,
    amount: Decimal,
    key: str,
    by: Actor,
    now: datetime,
    method: str | None = None,
    reference: str = "",
    received_on: date | None = None,
) -> Payment:
    """Gives back `amount` dollars of a payment on an invoice, as a new row with a minus; idempotent by `key`.

    Raises NotRefundable (with what is left) when more is asked than that payment still settles of that invoice.
    """
    invoice = _locked(invoice)
    if earlier := _by_key(key):
        return _the_same(earlier, invoice, -amount)
    _check_amount(amount)
    if payment.reverses_id is not None or invoice.status != InvoiceStatus.ISSUED:
        raise NotRefundable(ZERO)
    left = refundable(payment=payment, invoice=invoice)
    if amount > left:
        raise NotRefundable(left)
    refund = _take(
        invoice,
        amount=-amount,
        method=method or payment.method,
        key=key,
        by=by,
        now=now,
        reference=reference,
        received_on=received_on,
        reverses=payment,
    )
    trail.record(
        "payment.refunded",
        by=by,
        target=refund,
        at=now,
        invoice=str(invoice.code),
        payment=str(payment.code),
        amount_cents=in_cents(amount),
    )
    return refund


def refundable(*, payment: Payment, invoice: Invoice) -> Decimal:
    """What of a payment, less what went back, still settles the invoice, in dollars."""
    rows = Allocation.objects.filter(
        models.Q(payment=payment) | models.Q(payment__reverses=payment), invoice=invoice
    ).aggregate(left=Sum("amount"))
    return cents(rows["left"] or ZERO)


def _locked(invoice: Invoice) -> Invoice:
    """The invoice as it stands now, held until the transaction ends: whoever comes second sees what the first did."""
    return (
        Invoice.objects.select_for_update(of=("self",))
        .select_related("patient", "psychologist__user", "location")
        .get(pk=invoice.pk)
    )


def _check_amount(amount: Decimal) -> None:
    if not amount.is_finite() or amount <= 0 or amount != amount.quantize(CENT):
        raise WrongAmount


def _by_key(key: str) -> Payment | None:
    return Payment.objects.filter(key=key).first()


def _the_same(payment: Payment, invoice: Invoice, amount: Decimal) -> Payment:
    if payment.amount != amount or not payment.allocations.filter(invoice=invoice).exists():
        raise KeyReused
    return payment


def _take(
    invoice: Invoice,
    *,
    amount: Decimal,
    method: str,
    key: str,
    by: Actor,
    now: datetime,
    reference: str,
    received_on: date | None,
    reverses: Payment | None = None,
) -> Payment:
    day = received_on or now.astimezone(ZoneInfo(ClinicSettings.current().time_zone)).date()
    payment = _numbered(
        Payment,
        "RCT",
        method=method,
        amount=amount,
        received_on=day,
        recorded_at=now,
        received_by=by.user,
        reference=reference.strip(),
        key=key,
        reverses=reverses,
    )
    # The database adds it to what the invoice says is paid.
    Allocation.objects.create(payment=payment, invoice=invoice, amount=amount)
    invoice.refresh_from_db(fields=["paid"])
    return payment
