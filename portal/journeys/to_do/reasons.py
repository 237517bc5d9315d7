"""For which sessions the reason of a thing to do still holds."""

from __future__ import annotations

from collections.abc import Sequence

from portal.appointments.models import Appointment
from portal.billing import charges
from portal.billing.models import ClaimStatus, Invoice, InvoiceStatus, MedicareClaim, Purpose, Waiver
from portal.billing.models.invoice import InvoiceQuerySet
from portal.clinic.models import ClinicSettings
from portal.policies.models import PolicySettings


def deposits_held() -> InvoiceQuerySet:
    return Invoice.objects.issued().for_purpose(Purpose.DEPOSIT).filter(paid__gt=0).order_by()


def ahead_held(sessions: Sequence[Appointment]) -> set[int]:
    """Of these sessions, the ids of those that hold money for nothing: they don't take place, or are billed."""
    over = {session.pk: session for session in sessions if not session.is_open}
    if not over:
        return set()
    held = set(deposits_held().filter(appointment__in=over).values_list("appointment", flat=True))
    completed = [over[pk] for pk in held if pk and over[pk].is_completed]
    # What is not billed yet is going to use the money.
    return {pk for pk in held if pk} - ({session.pk for session in completed} - billed(completed))


def bulk_rejected(sessions: Sequence[Appointment]) -> set[int]:
    """Of these sessions, the ids of those whose bulk-billed claim is rejected, and whose invoice still stands."""
    claims = MedicareClaim.objects.filter(
        status=ClaimStatus.REJECTED,
        line__invoice__bulk_billed=True,
        line__invoice__status=InvoiceStatus.ISSUED,
        line__invoice__appointment__in=[session.pk for session in sessions],
    )
    found = claims.values_list("line__invoice__appointment", flat=True) if sessions else ()
    return {pk for pk in found if pk is not None}


def fee_undecided(sessions: Sequence[Appointment]) -> set[int]:
    """Of these sessions, the ids of those with a fee that was neither asked for nor waived."""
    clinic, policy = ClinicSettings.current(), PolicySettings.current()
    fees = {
        session.pk: fee.purpose
        for session in sessions
        if not session.is_open and (fee := charges.fee_due(session, clinic=clinic, policy=policy))
    }
    if not fees:
        return set()
    of_them = {"appointment__in": fees, "purpose__in": {*fees.values()}}
    decided = {
        *Invoice.objects.live().filter(**of_them).order_by().values_list("appointment", "purpose"),
        *Waiver.objects.in_force().filter(**of_them).order_by().values_list("appointment", "purpose"),
    }
    return {pk for pk, purpose in fees.items() if (pk, purpose) not in decided}


def billed(sessions: Sequence[Appointment]) -> set[int]:
    live = Invoice.objects.live().for_purpose(Purpose.SESSION)
    live = live.filter(appointment__in=[session.pk for session in sessions])
    return set(live.order_by().values_list("appointment", flat=True)) if sessions else set()
