"""What was written down wrong of a payment: taken back and said anew, by rows that name each other and say why."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from portal.audit import trail
from portal.billing.actions.account import kept_on
from portal.billing.actions.amounts import check_amount
from portal.billing.actions.drawing import draw_soon
from portal.billing.actions.locking import lock_invoices, lock_payments
from portal.billing.actions.refunds import ask_no_more_of
from portal.billing.actions.rows import by_key, place_of, refundable, write_payment
from portal.billing.actions.takings import replace_taking
from portal.billing.models import Allocation, Invoice, InvoiceStatus, Method, Payment
from portal.billing.models.payment import AT_THE_DESK
from portal.billing.refusals import (
    AmountStays,
    ChangedMeanwhile,
    KeyReused,
    MoneyChanged,
    NotCorrectable,
    NotPayable,
    Overpayment,
    ReasonMissing,
)
from portal.clinic.models import Location
from portal.common.access.actors import Actor
from portal.common.money import ZERO, in_cents
from portal.patients.models import Patient


def is_correctable(payment: Payment) -> bool:
    """Whether somebody wrote it down by hand, and it is no row that takes another back."""
    return payment.method in AT_THE_DESK and payment.reverses_id is None


def left_of(payment: Payment) -> Decimal:
    """What of a payment was not given back or taken back, in dollars."""
    return payment.amount + sum((row.amount for row in payment.reversals.all()), ZERO)


@transaction.atomic
def correct_payment(
    *,
    payment: Payment,
    method: str,
    received_on: date,
    reference: str,
    location: Location | None,
    reason: str,
    key: str,
    by: Actor,
    now: datetime,
    paid_by: str = "",
    amount: Decimal | None = None,
    seen: Decimal | None = None,
) -> Payment:
    """Says anew how and when money came: what is left of it is taken back, and taken again for the same invoices.

    `paid_by` names whose money it was where that was wrong, `amount` how much it really was, in dollars: what is less
    is owing again. Raises AmountStays where that settles other than one invoice alone or was given back in part, and
    Overpayment (with the most) where it is more than that invoice asks for.
    Returns the new row; idempotent by `key`. Raises NotCorrectable where nothing is left of it, it came by machine, or
    nothing is changed; MoneyChanged where other than `seen` is left of it; ReasonMissing and KeyReused.
    """
    invoices = lock_invoices(*_invoices_of(payment))
    lock_payments([payment])
    if earlier := by_key(key):
        return _the_same(earlier, payment)
    _check(payment, reason=reason)
    spots = [(invoice, refundable(payment=payment, invoice=invoice)) for invoice in invoices.values()]
    spots = [(invoice, amount) for invoice, amount in spots if amount]
    account = kept_on(payment)
    left = sum((amount for _invoice, amount in spots), account)
    whose = paid_by.strip() or payment.paid_by
    as_it_is = (payment.method, payment.received_on, payment.reference, payment.location_id, payment.paid_by)
    place = place_of(method, location)
    if method != Method.MEDICARE and any(invoice.bulk_billed for invoice, _amount in spots):
        # What is bulk-billed, Medicare alone pays.
        raise NotCorrectable
    really = left if amount is None else amount
    if left <= 0 or (
        really == left and as_it_is == (method, received_on, reference.strip(), place.pk if place else None, whose)
    ):
        raise NotCorrectable
    if seen is not None and seen != left:
        raise MoneyChanged
    if really != left:
        _check_amount(payment, really, spots=spots, account=account)
    new = _anew(
        payment,
        left,
        really=really,
        account=account,
        off=spots,
        patient=payment.patient,
        method=method,
        paid_by=whose,
        received_on=received_on,
        reference=reference,
        location=place,
        reason=reason,
        key=key,
        by=by,
        now=now,
    )
    for invoice, there in spots:
        Allocation.objects.create(payment=new, invoice=invoice, amount=really if really != left else there)
        draw_soon(invoice)
        invoice.refresh_from_db(fields=["paid", "payable"])
        if really < left:
            ask_no_more_of(invoice, key=f"corrected:{new.code}", reason="Written down wrong", by=by, now=now)
    return new


def _check_amount(payment: Payment, really: Decimal, *, spots: list[tuple[Invoice, Decimal]], account: Decimal) -> None:
    """Whether a payment may have been another amount: all of it settles one invoice, which asks for as much."""
    check_amount(really)
    if account or len(spots) != 1 or spots[0][1] != payment.amount:
        raise AmountStays
    invoice, there = spots[0]
    if really > there + invoice.balance:
        raise Overpayment(there + invoice.balance)


@transaction.atomic
def correct_invoice(
    *,
    payment: Payment,
    source: Invoice,
    target: Invoice,
    reason: str,
    key: str,
    by: Actor,
    now: datetime,
    seen: str | None = None,
) -> Payment:
    """Says anew what money was for: what settles `source` is taken back, and taken for `target`, anybody's.

    What is more than `target` asks for is on the account of its patient. Returns the new row; idempotent by `key`.
    Raises NotCorrectable, NotPayable for the target, ChangedMeanwhile where `source` is not as it was `seen`,
    ReasonMissing and KeyReused.
    """
    locked = lock_invoices(source, target)
    lock_payments([payment])
    if earlier := by_key(key):
        return _the_same(earlier, payment)
    source, target = locked[source.pk], locked[target.pk]
    if seen and seen != source.seen_as:
        raise ChangedMeanwhile(source)
    _check(payment, reason=reason)
    left = refundable(payment=payment, invoice=source)
    if left <= 0 or source.pk == target.pk:
        raise NotCorrectable
    # What a payer is billed is not paid beyond: their money is on nobody's account.
    is_too_much = (target.payer_id is not None or target.bulk_billed) and left > target.balance
    if target.bulk_billed and payment.method != Method.MEDICARE:
        raise NotPayable
    if target.status != InvoiceStatus.ISSUED or not target.balance or is_too_much:
        raise NotPayable
    new = _anew(
        payment,
        left,
        really=left,
        account=ZERO,
        off=[(source, left)],
        patient=target.patient,
        method=payment.method,
        # By itself it was whoever the wrong invoice named.
        paid_by=target.bill_to_name if payment.paid_by in (None, source.bill_to_name) else payment.paid_by,
        received_on=payment.received_on,
        reference=payment.reference,
        location=payment.location,
        reason=reason,
        key=key,
        by=by,
        now=now,
    )
    Allocation.objects.create(payment=new, invoice=target, amount=min(left, target.balance))
    draw_soon(target)
    source.refresh_from_db(fields=["paid", "payable"])
    ask_no_more_of(source, key=f"corrected:{new.code}", reason="Written down wrong", by=by, now=now)
    return new


def _invoices_of(payment: Payment) -> list[Invoice]:
    return list(Invoice.objects.filter(allocations__payment=payment).distinct())


def _check(payment: Payment, *, reason: str) -> None:
    if not is_correctable(payment) or payment.patient is None:
        raise NotCorrectable
    if not reason.strip():
        raise ReasonMissing


def _the_same(earlier: Payment, payment: Payment) -> Payment:
    if earlier.corrects_id != payment.pk:
        raise KeyReused
    return earlier


def _anew(
    payment: Payment,
    amount: Decimal,
    *,
    really: Decimal,
    account: Decimal,
    off: list[tuple[Invoice, Decimal]],
    patient: Patient | None,
    method: str,
    paid_by: str | None,
    received_on: date,
    reference: str,
    location: Location | None,
    reason: str,
    key: str,
    by: Actor,
    now: datetime,
) -> Payment:
    """The two rows: one that takes it back on the day on which it was counted, one that says it as it was."""
    if payment.patient is None or patient is None:
        raise NotCorrectable
    back = write_payment(
        patient=payment.patient,
        amount=-amount,
        method=payment.method,
        paid_by=payment.paid_by,
        key=f"{key}:back",
        by=by,
        now=now,
        reference=payment.reference,
        reason=reason,
        received_on=payment.received_on,
        location=payment.location,
        reverses=payment,
        from_account=account,
        corrects=payment,
    )
    for invoice, part in off:
        Allocation.objects.create(payment=back, invoice=invoice, amount=-part)
        draw_soon(invoice)
    is_theirs = patient.pk == payment.patient.pk
    taking = replace_taking(payment, is_theirs=is_theirs, key=key, by=by, now=now)
    new = write_payment(
        patient=patient,
        taking=taking if is_theirs else None,
        number=f"{taking.number}-1" if taking and is_theirs else "",
        amount=really,
        method=method,
        paid_by=paid_by,
        key=key,
        by=by,
        now=now,
        reference=reference,
        reason=reason,
        received_on=received_on,
        location=location,
        corrects=payment,
    )
    trail.record(
        "payment.corrected", by=by, target=new, at=now, payment=str(payment.code), amount_cents=in_cents(really)
    )
    return new
