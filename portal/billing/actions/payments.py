"""Money that comes for one invoice, and money that moves from one to another."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from portal.audit import trail
from portal.billing.actions.amounts import check_amount, check_seen
from portal.billing.actions.drawing import draw_soon
from portal.billing.actions.locking import lock_invoice, lock_invoices
from portal.billing.actions.rows import by_key, place_of, refundable, the_same, write_payment
from portal.billing.actions.who_paid import usual_for
from portal.billing.models import Allocation, Invoice, InvoiceStatus, Method, Payment
from portal.billing.refusals import NotMovable, NotPayable, Overpayment
from portal.clinic.models import Location
from portal.common.access.actors import Actor
from portal.common.money import ZERO, in_cents


@transaction.atomic
def record_payment(
    *,
    invoice: Invoice,
    amount: Decimal,
    method: str,
    key: str,
    by: Actor,
    now: datetime,
    paid_by: str = "",
    reference: str = "",
    received_on: date | None = None,
    location: Location | None = None,
    seen: str | None = None,
) -> Payment:
    """Records money that came for an invoice, in dollars; asked again with the same `key` it answers the same payment.

    Raises WrongAmount, Overpayment (with what is owing), NotPayable on a draft or a void invoice, KeyReused when the
    key belongs to another payment, and ChangedMeanwhile where the invoice is not as it was `seen` (`Invoice.seen_as`).
    `paid_by` names whose money it is, whoever the invoice is made out to unless it is said.
    `received_on` is today on the clinic's calendar unless it is said, and money that is taken by hand lies at the
    invoice's place unless `location` says another.
    """
    invoice = lock_invoice(invoice)
    if earlier := by_key(key):
        return the_same(earlier, invoice, amount)
    check_seen(invoice, seen)
    check_amount(amount)
    if invoice.status != InvoiceStatus.ISSUED or (invoice.bulk_billed and method != Method.MEDICARE):
        # What is bulk-billed, Medicare alone pays.
        raise NotPayable
    if amount > invoice.balance:
        raise Overpayment(invoice.balance)
    payment = write_payment(
        patient=invoice.patient,
        amount=amount,
        method=method,
        paid_by=paid_by.strip() or usual_for(invoice, method),
        key=key,
        by=by,
        now=now,
        reference=reference,
        received_on=received_on,
        location=place_of(method, location or invoice.location),
    )
    # The database adds it to what the invoice says is paid.
    Allocation.objects.create(payment=payment, invoice=invoice, amount=amount)
    draw_soon(invoice)
    trail.record(
        "payment.recorded",
        by=by,
        target=payment,
        at=now,
        invoice=str(invoice.code),
        amount_cents=in_cents(amount),
        method=payment.method,
        received_on=payment.received_on,
    )
    return payment


@transaction.atomic
def move_payment(
    *, payment: Payment, amount: Decimal, source: Invoice, target: Invoice, by: Actor, now: datetime
) -> None:
    """Lets `amount` dollars of a payment settle `target` instead of `source`, as two new rows that cancel out.

    Raises NotMovable (with what may move) when more is asked than that payment still settles of `source`, or the two
    are not one person's; Overpayment (with what is owing) and NotPayable for the invoice it is to settle.
    """
    check_amount(amount)
    locked = lock_invoices(source, target)
    source, target = locked[source.pk], locked[target.pk]
    left = refundable(payment=payment, invoice=source)
    if payment.reverses_id is not None or source.pk == target.pk or source.patient_id != target.patient_id:
        raise NotMovable(ZERO)
    if amount > left:
        raise NotMovable(left)
    if target.status != InvoiceStatus.ISSUED or (target.bulk_billed and payment.method != Method.MEDICARE):
        raise NotPayable
    if amount > target.balance:
        raise Overpayment(target.balance)
    Allocation.objects.create(payment=payment, invoice=source, amount=-amount)
    Allocation.objects.create(payment=payment, invoice=target, amount=amount)
    draw_soon(source)
    draw_soon(target)
    trail.record(
        "payment.moved",
        by=by,
        target=payment,
        at=now,
        invoice=str(target.code),
        was=str(source.code),
        amount_cents=in_cents(amount),
    )
