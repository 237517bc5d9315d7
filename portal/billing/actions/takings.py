"""Money taken over the desk at one time: by several methods, for several invoices, what is held used first."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from portal.audit import trail
from portal.billing.actions.account import lock_account, on_account
from portal.billing.actions.ahead import held_for, settle_from_held
from portal.billing.actions.amounts import check_amount
from portal.billing.actions.drawing import draw_soon
from portal.billing.actions.locking import lock_invoices, lock_sessions_of
from portal.billing.actions.numbering import TRIES
from portal.billing.actions.rows import place_of, write_payment
from portal.billing.models import Allocation, Invoice, InvoiceStatus, Method, Payment, Purpose, Taking
from portal.billing.refusals import (
    DoesNotAddUp,
    KeyReused,
    MoneyChanged,
    NotMovable,
    NotPayable,
    Overpayment,
    WrongAmount,
)
from portal.clinic.models import Location
from portal.common.access.actors import Actor
from portal.common.money import ZERO, cents, in_cents
from portal.patients.models import Patient


@dataclass(frozen=True, slots=True)
class TakenPart:
    """Money by one method, in dollars."""

    method: str
    amount: Decimal
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Settles:
    """What of a taking is for one invoice, in dollars."""

    invoice: Invoice
    amount: Decimal


def owing_of(patient: Patient) -> list[Invoice]:
    """What somebody has to pay, the oldest first; what a payer is billed is the payer's to pay."""
    return list(Invoice.objects.owed_by_patients().filter(patient=patient).for_listing().order_by("issued_on", "pk"))


def held_of(patient: Patient) -> Decimal:
    """What is held for somebody and settles nothing: their account, and what they paid ahead in vain; dollars."""
    return on_account(patient) + sum((deposit.paid for deposit in held_for(patient)), ZERO)


def money_as_shown(patient: Patient) -> str:
    """What a page that takes money knew of somebody's invoices and of what is held, as one word."""
    facts = [(invoice.number, invoice.seen_as) for invoice in owing_of(patient)]
    return hashlib.sha256(f"{facts}|{held_of(patient)}".encode()).hexdigest()[:32]


@transaction.atomic
def take(
    *,
    patient: Patient,
    parts: Sequence[TakenPart],
    settles: Sequence[Settles],
    uses: Decimal,
    keeps: bool,
    handed: Decimal | None,
    received_on: date,
    location: Location,
    key: str,
    by: Actor,
    now: datetime,
    paid_by: str = "",
    seen: str | None = None,
) -> Taking | None:
    """Settles invoices with `uses` dollars of what is held, and takes the rest; what is more stays on the account.

    Returns the taking, or None where nothing was taken because what is held was enough; idempotent by `key`. `handed`
    is the cash that was put on the desk, `paid_by` names whose money it is: whoever is billed unless it is said. Raises
    MoneyChanged where somebody's money is not as it was `seen` (`money_as_shown`), NotPayable, Overpayment (with what
    is owing), NotMovable (with what is held), WrongAmount, DoesNotAddUp unless it does or `keeps` says that what is
    more is kept, and KeyReused.
    """
    lock_sessions_of(held_for(patient))
    deposits = held_for(patient)
    locked = lock_invoices(*deposits, *(each.invoice for each in settles))
    kept = lock_account(patient)
    if earlier := Taking.objects.filter(key=key).first():
        return _the_same(earlier, patient, parts)
    if seen is not None and seen != money_as_shown(patient):
        raise MoneyChanged
    wanted = _checked(settles, locked, patient)
    for part in parts:
        check_amount(part.amount)
    held = sum((one.left for one in kept), ZERO) + sum((deposit.paid for deposit in deposits), ZERO)
    comes, asked = sum((part.amount for part in parts), ZERO), sum(wanted.values(), ZERO)
    if not ZERO <= uses <= min(held, asked):
        raise NotMovable(min(held, asked))
    if asked > comes + uses or (asked < comes + uses and not keeps):
        raise DoesNotAddUp(asked - comes - uses)
    if not comes and not uses:
        raise WrongAmount
    left = _use(uses, wanted, locked, deposits, by=by, now=now)
    if not parts:
        return None
    cash = sum((part.amount for part in parts if part.method == Method.CASH), ZERO)
    if handed is not None and (not cash or handed < cash):
        raise WrongAmount
    taking = _taking(
        patient=patient, location=location, received_on=received_on, handed=handed, key=key, by=by, now=now
    )
    if taking is None:
        return _the_same(Taking.objects.get(key=key), patient, parts)
    billed = next((locked[pk].bill_to_name for pk in wanted), patient.legal_name)
    for number, part in enumerate(parts, start=1):
        payment = write_payment(
            patient=patient,
            amount=part.amount,
            method=part.method,
            paid_by=paid_by.strip() or billed,
            reference=part.reference,
            key=f"{key}:{number}",
            number=taking.number if len(parts) == 1 else f"{taking.number}-{number}",
            received_on=received_on,
            location=place_of(part.method, location),
            taking=taking,
            by=by,
            now=now,
        )
        _settle(payment, left)
    for pk in wanted:
        draw_soon(locked[pk])
    trail.record(
        "taking.recorded",
        by=by,
        target=taking,
        at=now,
        patient=patient.pk,
        invoices=[str(locked[pk].code) for pk in wanted][:20],
        amount_cents=in_cents(comes),
        used_cents=in_cents(uses),
        received_on=received_on,
    )
    return taking


def _checked(settles: Sequence[Settles], locked: dict[int, Invoice], patient: Patient) -> dict[int, Decimal]:
    """What each invoice gets, in the order asked for; raises what stands in the way."""
    wanted: dict[int, Decimal] = {}
    for each in settles:
        invoice = locked[each.invoice.pk]
        check_amount(each.amount)
        if invoice.status != InvoiceStatus.ISSUED or invoice.patient_id != patient.pk or invoice.pk in wanted:
            raise NotPayable
        if invoice.payer_id is not None or invoice.bulk_billed:
            raise NotPayable
        if each.amount > invoice.balance:
            raise Overpayment(invoice.balance)
        wanted[invoice.pk] = each.amount
    return wanted


def _use(
    uses: Decimal,
    wanted: dict[int, Decimal],
    locked: dict[int, Invoice],
    deposits: list[Invoice],
    *,
    by: Actor,
    now: datetime,
) -> dict[int, Decimal]:
    """Settles what is wanted by what is held, as far as it goes; returns what is left for new money."""
    left = dict(wanted)
    for pk, amount in wanted.items():
        invoice = locked[pk]
        if uses > 0 and invoice.purpose != Purpose.DEPOSIT:
            used = settle_from_held(invoice, deposits, most=min(uses, amount), by=by, now=now)
            left[pk] -= used
            uses -= used
    if uses > 0:
        raise NotMovable(uses)
    return left


def _settle(payment: Payment, left: dict[int, Decimal]) -> None:
    """Lets a part settle what is still wanted, in order; the rest of it stays on the account."""
    there = payment.amount
    for pk, amount in left.items():
        settles = min(there, amount)
        if settles > 0:
            Allocation.objects.create(payment=payment, invoice_id=pk, amount=settles)
            left[pk] -= settles
            there -= settles


def _taking(
    *,
    patient: Patient,
    location: Location,
    received_on: date,
    handed: Decimal | None,
    key: str,
    by: Actor,
    now: datetime,
    replaces: Taking | None = None,
) -> Taking | None:
    """The taking under a receipt number that nothing has; None where the same page made one in this moment."""
    for _try in range(TRIES):
        number = f"RCT-{uuid.uuid4().hex[:8].upper()}"
        if Payment.objects.filter(number=number).exists():
            continue
        try:
            with transaction.atomic():
                return Taking.objects.create(
                    number=number,
                    patient=patient,
                    location=location,
                    received_on=received_on,
                    recorded_at=now,
                    received_by=by.user,
                    handed=handed,
                    key=key,
                    replaces=replaces,
                )
        except IntegrityError:
            if Taking.objects.filter(key=key).exists():
                return None
            if not Taking.objects.filter(number=number).exists():
                raise
    raise RuntimeError(f"{TRIES} numbers in a row were in use")


def _the_same(taking: Taking, patient: Patient, parts: Sequence[TakenPart]) -> Taking:
    paid = sum((part.amount for part in taking.parts.all()), ZERO)
    if taking.patient_id != patient.pk or paid != sum((part.amount for part in parts), ZERO):
        raise KeyReused
    return taking


def parts_of(taking: Taking) -> QuerySet[Payment]:
    """What its receipt states: its own parts, and those of what it replaces that were not written down wrong."""
    chain = [taking]
    while before := chain[-1].replaces:
        chain.append(before)
    rows = Payment.objects.filter(taking__in=chain).order_by("pk")
    if len(chain) == 1:
        return rows
    anew = Payment.objects.filter(corrects=OuterRef("pk"), amount__gt=0)
    return rows.exclude(Exists(anew.filter(Q(taking__in=chain) | Q(taking=None, recorded_at__lte=taking.recorded_at))))


def replace_taking(part: Payment, *, is_theirs: bool, key: str, by: Actor, now: datetime) -> Taking | None:
    """The taking that states anew the one of which this part was written down wrong; `is_theirs`: it stays in it.

    None where the part was all of it, so that its own new receipt is enough.
    """
    if part.taking is None:
        return None
    first = part.taking
    while first.replaces:
        first = first.replaces
    # Of two who correct two parts at once the second waits here, and replaces what the first made.
    Taking.objects.select_for_update().get(pk=first.pk)
    newest = part.taking.newest
    rows = parts_of(newest)
    if (newest.replaces is None and rows.count() == 1) or not (is_theirs or rows.exclude(pk=part.pk).exists()):
        return None
    return _taking(
        patient=newest.patient,
        location=newest.location,
        received_on=newest.received_on,
        handed=None,
        key=f"{key}:taking",
        by=by,
        now=now,
        replaces=newest,
    )


def settled_by(parts: Sequence[Payment]) -> list[tuple[Invoice, Decimal]]:
    """What these payments settle by now, invoice by invoice, in dollars."""
    rows = (
        Allocation.objects.filter(payment__in=parts)
        .order_by()
        .values_list("invoice")
        .annotate(settled=Sum("amount"))
        .values_list("invoice", "settled")
    )
    sums = {pk: cents(amount) for pk, amount in rows}
    invoices = Invoice.objects.filter(pk__in=sums).for_listing().order_by("issued_on", "pk")
    return [(invoice, sums[invoice.pk]) for invoice in invoices if sums[invoice.pk]]
