"""Money in, and money back."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db import models, transaction
from django.db.models import Sum

from portal.audit import trail
from portal.billing.actions.amounts import check_amount, check_seen
from portal.billing.actions.credits import credit_line
from portal.billing.actions.drawing import draw_soon
from portal.billing.actions.locking import lock_invoice, lock_invoices
from portal.billing.actions.numbering import numbered
from portal.billing.models import Allocation, Invoice, InvoiceStatus, Payment, Purpose
from portal.billing.refusals import KeyReused, NotMovable, NotPayable, NotRefundable, Overpayment
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.money import ZERO, cents, in_cents


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
    seen: str | None = None,
) -> Payment:
    """Records money that came for an invoice, in dollars; asked again with the same `key` it answers the same payment.

    Raises WrongAmount, Overpayment (with what is owing), NotPayable on a draft or a void invoice, KeyReused when the
    key belongs to another payment, and ChangedMeanwhile where the invoice is not as it was `seen` (`Invoice.seen_as`).
    `received_on` is today on the clinic's calendar unless it is said.
    """
    invoice = lock_invoice(invoice)
    if earlier := _by_key(key):
        return _the_same(earlier, invoice, amount)
    check_seen(invoice, seen)
    check_amount(amount)
    if invoice.status != InvoiceStatus.ISSUED:
        raise NotPayable
    if amount > invoice.balance:
        raise Overpayment(invoice.balance)
    payment = _take(
        invoice, amount=amount, method=method, key=key, by=by, now=now, reference=reference, received_on=received_on
    )
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
    seen: str | None = None,
) -> Payment:
    """Gives back `amount` dollars of a payment on an invoice, as a new row with a minus; idempotent by `key`.

    What was paid ahead and goes back is not owing again. Raises NotRefundable (with what is left)
    when more is asked than that payment still settles of that invoice, and ChangedMeanwhile as `record_payment` does.
    """
    invoice = lock_invoice(invoice)
    if earlier := _by_key(key):
        return _the_same(earlier, invoice, -amount)
    check_seen(invoice, seen)
    check_amount(amount)
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
    if not is_asked_for_again(invoice):
        credit_line(
            line=invoice.lines.get(),
            amount=invoice.balance,
            reason="Given back",
            key=f"back:{refund.code}",
            by=by,
            now=now,
        )
    return refund


def is_asked_for_again(invoice: Invoice) -> bool:
    """Whether what is given back on an invoice is owing again: money paid ahead was never a debt."""
    return invoice.purpose != Purpose.DEPOSIT


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
    if target.status != InvoiceStatus.ISSUED:
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


def refundable(*, payment: Payment, invoice: Invoice) -> Decimal:
    """What of a payment, less what went back, still settles the invoice, in dollars."""
    rows = Allocation.objects.filter(
        models.Q(payment=payment) | models.Q(payment__reverses=payment), invoice=invoice
    ).aggregate(left=Sum("amount"))
    return cents(rows["left"] or ZERO)


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
    day = received_on or ClinicSettings.current().today(now)
    payment = numbered(
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
    draw_soon(invoice)
    return payment
