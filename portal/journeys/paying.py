"""Money about a session: given back, used for a fee, or asked for no more; what waits for that is done."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from portal.appointments.models import Appointment
from portal.billing import actions as billing
from portal.billing import charges
from portal.billing.models import Invoice, Payment, Purpose, Waiver
from portal.billing.models.saved_card import on_file_of
from portal.billing.online.client import is_on
from portal.clinic.models import ClinicSettings, Location
from portal.common.access.actors import Actor
from portal.journeys.to_do import sessions
from portal.policies.models import PolicySettings


@transaction.atomic
def give_back(
    *,
    payment: Payment,
    invoice: Invoice,
    amount: Decimal,
    reason: str,
    method: str | None = None,
    received_on: date | None = None,
    reference: str = "",
    location: Location | None = None,
    key: str,
    by: Actor,
    now: datetime,
    seen: str | None = None,
) -> Payment:
    """Gives money back by `billing.refund_payment`, and raises what that does."""
    given = billing.refund_payment(
        payment=payment,
        invoice=invoice,
        amount=amount,
        reason=reason,
        method=method,
        received_on=received_on,
        reference=reference,
        location=location,
        key=key,
        by=by,
        now=now,
        seen=seen,
    )
    # As the session is by now, not as the page read it.
    sessions.look_again(Appointment.objects.filter(invoices=invoice), by=by, now=now)
    return given


@transaction.atomic
def bill_fee(*, appointment: Appointment, by: Actor, now: datetime, after_all: bool = False) -> Invoice:
    """Asks for the fee by `billing.bill_fee`, and raises what that does."""
    invoice = billing.bill_fee(appointment=appointment, by=by, now=now, after_all=after_all)
    sessions.look_again(Appointment.objects.filter(pk=appointment.pk), by=by, now=now)
    return invoice


@transaction.atomic
def waive_fee(*, appointment: Appointment, reason: str, by: Actor, now: datetime, of_year: bool = False) -> Waiver:
    """Does without the fee by `billing.waive_fee`: nobody needs to decide on it any more."""
    waiver = billing.waive_fee(appointment=appointment, reason=reason, by=by, now=now, of_year=of_year)
    sessions.look_again(Appointment.objects.filter(pk=appointment.pk), by=by, now=now)
    return waiver


def after_cancelling(appointment: Appointment) -> dict[str, Any]:
    """What word of a cancelled session says of money: what stays theirs, and whether a card is on file for its fee."""
    has_card = appointment.late and is_on() and on_file_of(appointment.person.pk) is not None
    return {"held": billing.held_ahead(appointment), "has_card": has_card}


def fee_to_come(appointment: Appointment, *, clinic: ClinicSettings) -> Decimal | None:
    """What may yet be asked for a session that was cancelled late or missed, in dollars with GST.

    None where nothing may be, and once it was asked for or waived.
    """
    fee = charges.fee_due(appointment, clinic=clinic, policy=PolicySettings.current())
    if fee is None or appointment.waivers.in_force().filter(purpose=fee.purpose).exists():
        return None
    if Invoice.objects.live().for_purpose(fee.purpose).filter(appointment=appointment).exists():
        return None
    return fee.amounts.total


@transaction.atomic
def use_held(*, invoice: Invoice, by: Actor, now: datetime, seen: str | None = None) -> Decimal:
    """Settles an invoice with money that is held by `billing.use_held`, and returns and raises what that does."""
    of_sessions = [
        deposit.appointment_id for deposit in billing.held_for(invoice.patient) if deposit.appointment_id is not None
    ]
    used = billing.use_held(invoice=invoice, by=by, now=now, seen=seen)
    sessions.look_again(Appointment.objects.filter(pk__in=of_sessions), by=by, now=now)
    return used


def ask_no_more_ahead(*, by: Actor, now: datetime) -> int:
    """Settles what is still asked ahead of sessions that don't take place, and returns of how many.

    It is settled as they are called off; this finds those of before that was so.
    """
    over = Appointment.objects.over().filter(completed_at__isnull=True)
    deposits = list(Invoice.objects.owing().for_purpose(Purpose.DEPOSIT).filter(appointment__in=over).order_by("pk"))
    for deposit in deposits:
        billing.ask_no_more_ahead(deposit=deposit, by=by, now=now)
    return len(deposits)
