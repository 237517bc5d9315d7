"""Checking somebody out at the desk: the session is completed, invoiced and, if they pay now, paid. One transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from portal.appointments import actions as appointments
from portal.appointments.models import Appointment, Status
from portal.appointments.refusals import WrongState
from portal.audit import trail
from portal.billing import actions as billing
from portal.billing.models import Invoice, Payment
from portal.billing.pricing import Amounts, NewLine, amounts_of, sum_of
from portal.billing.refusals import AlreadyInvoiced
from portal.clinic.models import ClinicSettings
from portal.common.money import ZERO
from portal.common.policy import Actor
from portal.medicare import schedule
from portal.medicare.models import BILLING, MbsItem, Referral
from portal.notifications import outbox

# What may be checked out: what is to be completed now, and what the psychologist has completed already.
OPEN = (Status.BOOKED, Status.ARRIVED, Status.COMPLETED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Money handed over at the desk, in dollars."""

    amount: Decimal
    method: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Bill:
    """What the session comes to before anything is issued: its lines, and their sums."""

    lines: tuple[NewLine, ...]
    amounts: tuple[Amounts, ...]

    @property
    def sums(self) -> Amounts:
        return sum_of(self.amounts)

    @property
    def rows(self) -> list[tuple[NewLine, Amounts]]:
        return list(zip(self.lines, self.amounts, strict=True))


def day_of(appointment: Appointment) -> date:
    """The day of the service: that on which it began, where it took place."""
    return appointment.local_start.date()


def referral_for(appointment: Appointment) -> Referral | None:
    """The newest referral that covers the session, or None."""
    return Referral.objects.filter(patient=appointment.patient).covering(on=day_of(appointment)).first()


def proposed_item(appointment: Appointment, *, minutes: int, mode: str, referral: Referral | None) -> MbsItem | None:
    """The item that the session as it was held may claim: none without a referral that counts for Medicare."""
    if referral is None or not referral.is_for_medicare or not appointment.service.medicare:
        return None
    registration = appointment.psychologist.registration
    return schedule.propose(registration=registration, minutes=minutes, mode=mode, on=day_of(appointment))


def items_for(appointment: Appointment) -> list[MbsItem]:
    """Every item that this psychologist could bill on that day."""
    registration = appointment.psychologist.registration
    if registration not in BILLING:
        return []
    return list(MbsItem.objects.in_force(on=day_of(appointment)).filter(registration=registration).order_by("item"))


def bill_of(
    appointment: Appointment,
    *,
    fee: Decimal,
    minutes: int,
    mode: str,
    item: MbsItem | None,
    extra: Sequence[NewLine] = (),
    clinic: ClinicSettings,
) -> Bill:
    """What is to be paid for the session as it was held. `fee` is dollars before GST."""
    service = appointment.service
    session = NewLine(
        description=service.name,
        unit_price=fee,
        tax_code=service.tax_code,
        item_number=item.item if item else "",
        benefit=item.benefit if item else ZERO,
        service_date=day_of(appointment),
        starts_at=appointment.starts_at,
        minutes=minutes,
        mode=mode,
    )
    lines = (session, *extra)
    return Bill(lines, tuple(amounts_of(line, gst_registered=clinic.gst_registered) for line in lines))


@transaction.atomic
def check_out(
    *,
    appointment: Appointment,
    lines: Sequence[NewLine],
    key: str,
    by: Actor,
    now: datetime,
    referral: Referral | None = None,
    payment: Taken | None = None,
) -> Invoice:
    """Completes the session, issues its invoice from `lines` and records `payment`, all or nothing.

    `key` is the form's own: sent twice, it makes one invoice and takes one payment. Raises WrongState when the session
    was cancelled or missed, AlreadyInvoiced when somebody else checked it out meanwhile, and what billing refuses.
    """
    locked = (
        Appointment.objects.select_for_update(of=("self",))
        .select_related("service", "psychologist__user", "patient", "location")
        .get(pk=appointment.pk)
    )
    if locked.status not in OPEN:
        raise WrongState(locked.status)
    if invoiced := Invoice.objects.live().filter(appointment=locked).first():
        if payment is None or Payment.objects.filter(key=key, allocations__invoice=invoiced).exists():
            return invoiced
        raise AlreadyInvoiced(invoiced)
    if locked.status != Status.COMPLETED:
        appointments.complete(appointment=locked, by=by, now=now)
    draft = billing.draft_invoice(
        patient=locked.patient,
        psychologist=locked.psychologist,
        location=locked.location,
        appointment=locked,
        lines=lines,
        by=by,
        now=now,
    )
    invoice = billing.issue_invoice(invoice=draft, referral=referral, by=by, now=now)
    if payment is not None:
        billing.record_payment(
            invoice=invoice,
            amount=payment.amount,
            method=payment.method,
            reference=payment.reference,
            key=key,
            by=by,
            now=now,
        )
        invoice.refresh_from_db(fields=["paid"])
    return invoice


def address_for(invoice: Invoice) -> str:
    """Where the invoice goes by e-mail: to whoever is billed, else to the patient; empty if nowhere is known."""
    if invoice.billed_user is not None:
        return invoice.billed_user.email
    return invoice.patient.email or (invoice.patient.user.email if invoice.patient.user else "")


@transaction.atomic
def send_invoice(*, invoice: Invoice, key: str, by: Actor, now: datetime) -> str:
    """Queues the invoice as a PDF to whoever is billed, and returns the address; a repeated `key` sends it once."""
    from portal.billing.paper import invoice_pdf  # it brings the PDF library, which is slow to load

    address = address_for(invoice)
    if not address:
        raise ValueError("nobody to send it to")
    patient = invoice.patient
    outbox.queue(
        template="invoice",
        to=address,
        context={
            "number": invoice.number,
            "to": invoice.bill_to_name,
            "total": invoice.total,
            "balance": invoice.balance,
            "due_on": invoice.due_on,
        },
        dedupe_key=f"invoice:{invoice.code}:{outbox.unnamed(address)}:{key}",
        language=patient.language or None,
        attachments=[(f"{invoice.number}.pdf", "application/pdf", invoice_pdf(invoice))],
        about=invoice,
    )
    trail.record("invoice.mailed", target=invoice, by=by, at=now)
    return address
