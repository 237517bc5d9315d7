"""The fee for a session that was cancelled late or missed: a person asks for it, or does without."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from portal.appointments.models import Appointment
from portal.audit import trail
from portal.billing import charges
from portal.billing.actions.ahead import use_ahead
from portal.billing.actions.invoices import BillTo, bill
from portal.billing.actions.locking import lock_session
from portal.billing.actions.payers import payer_of
from portal.billing.models import Invoice, Purpose, Waiver
from portal.billing.refusals import AlreadyInvoiced, NotBillable, ReasonMissing, Waived
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.policies.models import PolicySettings


@transaction.atomic
def bill_fee(*, appointment: Appointment, by: Actor, now: datetime, after_all: bool = False) -> Invoice:
    """Issues the invoice for the fee, and settles it with what was paid ahead; `after_all` also where it was waived.

    Raises NotBillable where there is none to ask for, AlreadyInvoiced, and Waived unless whoever asks knows of that.
    """
    appointment = lock_session(appointment)
    fee = _fee(appointment)
    if not after_all and Waiver.objects.in_force().filter(appointment=appointment, purpose=fee.purpose).exists():
        raise Waived
    bill_to = BillTo.by(payer_of(appointment, is_fee=True))
    invoice = bill(appointment=appointment, purpose=fee.purpose, charges=[fee.charge], bill_to=bill_to, by=by, now=now)
    use_ahead(invoice=invoice, by=by, now=now)
    invoice.refresh_from_db(fields=["paid", "payable"])
    return invoice


@transaction.atomic
def waive_fee(*, appointment: Appointment, reason: str, by: Actor, now: datetime) -> Waiver:
    """Does without the fee, and says why; one that was waived stays as it is.

    Raises NotBillable where there is none to ask for, AlreadyInvoiced while there is an invoice, and ReasonMissing.
    """
    appointment = lock_session(appointment)
    fee = _fee(appointment)
    if earlier := Waiver.objects.in_force().filter(appointment=appointment, purpose=fee.purpose).first():
        return earlier
    if existing := Invoice.objects.live().filter(appointment=appointment).for_purpose(fee.purpose).first():
        raise AlreadyInvoiced(existing)
    if not reason.strip():
        raise ReasonMissing
    waiver = Waiver.objects.create(
        appointment=appointment, purpose=fee.purpose, reason=reason.strip(), waived_at=now, waived_by=by.user
    )
    trail.record("fee.waived", by=by, target=appointment, at=now, purpose=fee.purpose, patient=appointment.patient_id)
    return waiver


@transaction.atomic
def take_back_waiver(*, appointment: Appointment, by: Actor, now: datetime) -> None:
    """A no-show that is undone takes its waiver with it: missed again, the fee is asked about again."""
    appointment = lock_session(appointment)
    waived = Waiver.objects.in_force().filter(appointment=appointment, purpose=Purpose.NO_SHOW)
    if not appointment.is_missed and waived.update(taken_back_at=now, taken_back_by=by.user):
        trail.record(
            "fee.waiver_taken_back",
            by=by,
            target=appointment,
            at=now,
            purpose=Purpose.NO_SHOW,
            patient=appointment.patient_id,
        )


def _fee(appointment: Appointment) -> charges.Fee:
    fee = charges.fee_due(appointment, clinic=ClinicSettings.current(), policy=PolicySettings.current())
    if fee is None:
        raise NotBillable
    return fee
