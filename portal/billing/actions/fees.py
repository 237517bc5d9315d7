"""The fee for a session that was cancelled late or missed: it is asked for, or done without."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from portal.appointments.models import Appointment
from portal.audit import trail
from portal.billing import charges
from portal.billing.actions.ahead import use_ahead
from portal.billing.actions.invoices import BillTo, bill
from portal.billing.actions.locking import lock_session
from portal.billing.actions.payers import payer_of
from portal.billing.models import Invoice, Purpose, Waiver
from portal.billing.refusals import AlreadyInvoiced, NotBillable, ReasonMissing, Waived, WaivedThisYear
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
def waive_fee(*, appointment: Appointment, reason: str, by: Actor, now: datetime, of_year: bool = False) -> Waiver:
    """Does without the fee, and says why; one that was waived stays as it is.

    `of_year` makes it the one that the clinic's rule gives a patient in a calendar year: that of the session, where it
    was to take place. Raises NotBillable where there is none to ask for, AlreadyInvoiced while there is an invoice,
    ReasonMissing, and WaivedThisYear.
    """
    appointment = lock_session(appointment)
    fee = _fee(appointment)
    if earlier := Waiver.objects.in_force().filter(appointment=appointment, purpose=fee.purpose).first():
        return earlier
    if existing := Invoice.objects.live().filter(appointment=appointment).for_purpose(fee.purpose).first():
        raise AlreadyInvoiced(existing)
    if not reason.strip():
        raise ReasonMissing
    whose = {"patient": appointment.patient, "year": year_of(appointment)} if of_year else {}
    try:
        with transaction.atomic():
            waiver = Waiver.objects.create(
                appointment=appointment,
                purpose=fee.purpose,
                reason=reason.strip(),
                waived_at=now,
                waived_by=by.user,
                **whose,
            )
    except IntegrityError:
        # Of two who waive two sessions of one patient at once, one has the year.
        if of_year and waived_in([appointment]):
            raise WaivedThisYear from None
        raise
    trail.record("fee.waived", by=by, target=appointment, at=now, purpose=fee.purpose, patient=appointment.patient_id)
    return waiver


def year_of(appointment: Appointment) -> int:
    """The calendar year to which a session counts: that of its day where it was to take place."""
    return charges.day_of(appointment).year


def waived_in(sessions: Sequence[Appointment]) -> set[tuple[int | None, int]]:
    """Whose one fee of a year is waived already, of the patients of these sessions: each with the year. One query."""
    by_rule = Waiver.objects.in_force().filter(
        patient__in={session.patient_id for session in sessions}, year__in={year_of(session) for session in sessions}
    )
    return {(patient, year) for patient, year in by_rule.order_by().values_list("patient", "year") if year is not None}


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
