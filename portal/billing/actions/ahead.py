"""Money taken before a session: it settles an invoice of its own, then counts towards that of the session."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet

from portal.appointments.models import Appointment
from portal.billing import charges
from portal.billing.actions.account import lock_account, settle_from
from portal.billing.actions.amounts import check_amount, check_seen
from portal.billing.actions.credits import credit_line
from portal.billing.actions.invoices import bill, void_invoice
from portal.billing.actions.locking import lock_invoice, lock_invoices, lock_session, lock_sessions_of
from portal.billing.actions.payments import move_payment, record_payment
from portal.billing.actions.rows import refundable
from portal.billing.models import Invoice, InvoiceStatus, Payment, Purpose
from portal.billing.models.invoice import InvoiceQuerySet
from portal.billing.refusals import KeyReused, NotPayable, Overpayment, SessionChanged
from portal.clinic.models import ClinicSettings, Location
from portal.common.access.actors import Actor
from portal.common.database.compiled import compiled
from portal.common.money import ZERO
from portal.patients.models import Patient


@transaction.atomic
def take_ahead(
    *,
    appointment: Appointment,
    amount: Decimal,
    method: str,
    key: str,
    by: Actor,
    now: datetime,
    reference: str = "",
    location: Location | None = None,
    seen: str = "",
) -> Invoice:
    """Takes money before the session, with no Medicare item; asked again with the same `key` it takes it once.

    It lies at the session's place unless `location` says another.
    An invoice for what was taken before and given back, or used, is voided first: nothing is left on it. Raises
    AlreadyInvoiced while money stands ahead, NotBillable once the session was held or called off, KeyReused when what
    was taken with the key was given back or used, WrongAmount, Overpayment above what the session costs, and
    SessionChanged where the session is not as it was `seen` (`as_shown`).
    """
    check_amount(amount)
    session = lock_session(appointment)
    existing = deposit_of(appointment)
    if Payment.objects.filter(key=key).exists():
        if existing and Payment.objects.filter(key=key, allocations__invoice=existing).exists():
            return existing
        raise KeyReused
    if seen and seen != as_shown(session, clinic=ClinicSettings.current()):
        raise SessionChanged
    price = charges.price_of(session, clinic=ClinicSettings.current())
    if amount > price:
        raise Overpayment(price)
    if emptied := _deposits(appointment).filter(payable=0).first():
        void_invoice(invoice=emptied, reason="Money was taken ahead anew", by=by, now=now)
    invoice = bill(
        appointment=appointment,
        purpose=Purpose.DEPOSIT,
        charges=[charges.paid_ahead(appointment, amount)],
        by=by,
        now=now,
    )
    record_payment(
        invoice=invoice,
        amount=amount,
        method=method,
        reference=reference,
        location=location,
        key=key,
        by=by,
        now=now,
    )
    invoice.refresh_from_db(fields=["paid"])
    return invoice


def as_shown(appointment: Appointment, *, clinic: ClinicSettings) -> str:
    """What a page that asks for money ahead says of the session: where it stands, when it is and what it costs."""
    return f"{appointment.seen_as}.{charges.price_of(appointment, clinic=clinic)}"


def deposit_of(appointment: Appointment) -> Invoice | None:
    """The live invoice for what was asked ahead of a session; None once all of it was given back or used."""
    return _deposits(appointment).filter(payable__gt=0).first()


def _deposits(appointment: Appointment) -> InvoiceQuerySet:
    return Invoice.objects.live().filter(appointment=appointment).for_purpose(Purpose.DEPOSIT)


def held_ahead(appointment: Appointment) -> Decimal:
    """What was paid ahead and not used yet, in dollars."""
    deposit = deposit_of(appointment)
    return deposit.paid if deposit else ZERO


def held_ahead_of(appointments: Iterable[int]) -> dict[int, Decimal]:
    """The same of many sessions, by their ids; those without any are left out. One query."""
    deposits = Invoice.objects.live().for_purpose(Purpose.DEPOSIT).filter(appointment__in=list(appointments))
    rows = deposits.filter(payable__gt=0).order_by("issued_on", "pk").values_list("appointment", "paid")
    return {session: paid for session, paid in rows if session is not None}


@transaction.atomic
def use_ahead(*, invoice: Invoice, by: Actor, now: datetime) -> None:
    """Lets what was paid ahead of the session settle this invoice of it; nothing more is asked for ahead then.

    What is more than the invoice stays where it is, to be given back; so does all of it where somebody else is billed.
    """
    if invoice.payer_id is not None or invoice.bulk_billed:
        return
    deposit = deposit_of(invoice.appointment) if invoice.appointment else None
    if deposit is not None and deposit.pk != invoice.pk:
        _count_towards(invoice, deposit, by=by, now=now)


def held_for(*patients: Patient) -> list[Invoice]:
    """What these people paid ahead and no session is will use: it was called off, missed, or cost less. Oldest first.

    What is paid on each is in its `paid`; a session that was held and is not billed yet is going to use its own.
    """
    return [deposit for deposit, is_waited_for in paid_ahead_of(*patients) if not is_waited_for]


def paid_ahead_of(*patients: Patient) -> list[tuple[Invoice, bool]]:
    """What these people paid ahead and nothing used yet, each with whether its session is still going to."""
    deposits = _paid_deposits({patient.pk for patient in patients})
    return [(deposit, _is_waited_for(deposit.appointment)) for deposit in deposits if deposit.appointment]


@compiled
def _paid_deposits(patients: Collection[int]) -> QuerySet[Invoice]:
    paid = Invoice.objects.issued().for_purpose(Purpose.DEPOSIT).filter(patient__in=patients, paid__gt=0)
    return paid.select_related("appointment__location").defer("snapshot").order_by("pk")


def _is_waited_for(appointment: Appointment) -> bool:
    """Whether a session is still going to use what was paid ahead of it."""
    if appointment.is_completed:
        return not Invoice.objects.live().filter(appointment=appointment).for_purpose(Purpose.SESSION).exists()
    return appointment.is_open


@transaction.atomic
def use_held(*, invoice: Invoice, by: Actor, now: datetime, seen: str | None = None) -> Decimal:
    """Lets what is held for somebody settle an invoice of theirs, and returns how much, in dollars.

    What is on their account is used first, then what was paid ahead. Raises NotPayable on a draft, a void invoice, one
    for money ahead or one that a payer is billed, and ChangedMeanwhile where the invoice is not as it was `seen`.
    """
    lock_sessions_of(held_for(invoice.patient))
    # Asked again: a session that somebody has just taken up again uses its money itself.
    deposits = held_for(invoice.patient)
    invoice = lock_invoices(invoice, *deposits)[invoice.pk]
    check_seen(invoice, seen)
    if (
        invoice.status != InvoiceStatus.ISSUED
        or invoice.purpose == Purpose.DEPOSIT
        or invoice.payer_id
        or invoice.bulk_billed
    ):
        raise NotPayable
    return settle_from_held(invoice, deposits, most=invoice.balance, by=by, now=now)


def settle_from_held(invoice: Invoice, deposits: list[Invoice], *, most: Decimal, by: Actor, now: datetime) -> Decimal:
    """Settles `most` dollars of a locked invoice by the account, then by these locked deposits; returns how much."""
    used = settle_from(lock_account(invoice.patient), invoice=invoice, most=most, by=by, now=now)
    for deposit in deposits:
        if used < most:
            used += _count_towards(invoice, deposit, most=most - used, by=by, now=now)
    return used


def _count_towards(
    invoice: Invoice, deposit: Invoice, *, by: Actor, now: datetime, most: Decimal | None = None
) -> Decimal:
    """Moves as much as is owing, or `most` of it, and asks for no more ahead; returns what was moved, in dollars."""
    locked = lock_invoices(deposit, invoice)
    deposit, owing = locked[deposit.pk], locked[invoice.pk].balance
    owing = owing if most is None else min(owing, most)
    moved = ZERO
    brought = Payment.objects.filter(allocations__invoice=deposit, reverses__isnull=True).distinct()
    for payment in brought.order_by("recorded_at", "pk"):
        amount = min(refundable(payment=payment, invoice=deposit), owing)
        if amount > 0:
            move_payment(payment=payment, amount=amount, source=deposit, target=invoice, by=by, now=now)
            owing -= amount
            moved += amount
    deposit.refresh_from_db(fields=["paid", "payable"])
    if deposit.balance:
        credit_line(
            line=deposit.lines.get(),
            amount=deposit.balance,
            reason=f"Counted towards {invoice.number}",
            # Of this invoice: one that is billed after it was voided settles what is left by a note of its own. Each
            # note leaves less to pay, so one that is made later has a key of its own too.
            key=f"ahead:{deposit.code}:{invoice.code}:{deposit.payable}",
            by=by,
            now=now,
        )
    return moved


@transaction.atomic
def ask_no_more_ahead(*, deposit: Invoice, by: Actor, now: datetime) -> None:
    """Takes off what is still asked ahead of a session that was called off or missed; money that is held stays."""
    if deposit.appointment is None or lock_session(deposit.appointment).is_open:
        return
    deposit = lock_invoice(deposit)
    if deposit.balance:
        credit_line(
            line=deposit.lines.get(),
            amount=deposit.balance,
            reason="The session does not take place",
            # Each note leaves less to pay, so one that is made later has a key of its own.
            key=f"over:{deposit.code}:{deposit.payable}",
            by=by,
            now=now,
        )
