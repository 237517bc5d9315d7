"""Money over the desk that concerns several invoices or an account; what waits for it on the desk's list is done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from portal.appointments.models import Appointment
from portal.billing import actions as billing
from portal.billing.actions import Settles, TakenPart
from portal.billing.models import Invoice, Payment, Taking
from portal.clinic.models import Location
from portal.common.access.actors import Actor
from portal.journeys.to_do import sessions
from portal.patients.models import Patient


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
    """Takes money by `billing.take`, and returns and raises what that does."""
    concerned = {deposit.appointment_id for deposit in billing.held_for(patient)}
    concerned |= {each.invoice.appointment_id for each in settles}
    taking = billing.take(
        patient=patient,
        parts=parts,
        settles=settles,
        uses=uses,
        keeps=keeps,
        handed=handed,
        received_on=received_on,
        location=location,
        key=key,
        by=by,
        now=now,
        paid_by=paid_by,
        seen=seen,
    )
    sessions.look_again(Appointment.objects.filter(pk__in=[pk for pk in concerned if pk]), by=by, now=now)
    return taking


@transaction.atomic
def correct_payment(*, payment: Payment, invoice: Invoice, by: Actor, now: datetime, **said: Any) -> Payment:
    """Says anew how money came by `billing.correct_payment`, and raises what that does."""
    new = billing.correct_payment(payment=payment, by=by, now=now, **said)
    sessions.look_again(Appointment.objects.filter(invoices=invoice), by=by, now=now)
    return new


@transaction.atomic
def correct_invoice(
    *, payment: Payment, source: Invoice, target: Invoice, reason: str, key: str, by: Actor, now: datetime, seen: str
) -> Payment:
    """Says anew what money was for by `billing.correct_invoice`, and raises what that does."""
    new = billing.correct_invoice(
        payment=payment, source=source, target=target, reason=reason, key=key, by=by, now=now, seen=seen
    )
    sessions.look_again(Appointment.objects.filter(invoices__in=[source, target]).distinct(), by=by, now=now)
    return new


@transaction.atomic
def keep_on_account(
    *, payment: Payment, invoice: Invoice, amount: Decimal, by: Actor, now: datetime, seen: str | None
) -> None:
    """Takes money off an invoice and keeps it by `billing.keep_on_account`, and raises what that does."""
    billing.keep_on_account(payment=payment, invoice=invoice, amount=amount, by=by, now=now, seen=seen)
    sessions.look_again(Appointment.objects.filter(invoices=invoice), by=by, now=now)
