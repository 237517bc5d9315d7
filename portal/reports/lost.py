"""Sessions of a day that don't take place: called off or missed, what the policy says of it, and who has the time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from portal.appointments.models import Appointment, CancelReason
from portal.appointments.waitlist import refilled
from portal.billing import charges
from portal.billing.models import Invoice, Waiver
from portal.clinic.models import ClinicSettings
from portal.policies.models import PolicySettings


class Decided(StrEnum):
    """What the desk did about a fee."""

    INVOICED = "invoiced"
    WAIVED = "waived"


@dataclass(frozen=True, slots=True)
class Lost:
    """A session that was called off or missed, and who has its time now.

    `fee` is what the policy asks for it, in dollars with GST; None where it asks nothing.
    """

    session: Appointment
    fee: Decimal | None = None
    decided: Decided | None = None
    refilled_by: Appointment | None = None

    @property
    def is_by_clinic(self) -> bool:
        """Whether it was not the patient who called it off: then nothing is late."""
        return self.session.is_cancelled and not self.session.late and self.session.cancel_reason in _OF_CLINIC


_OF_CLINIC = frozenset({CancelReason.PSYCHOLOGIST, CancelReason.CLINIC, CancelReason.MISTAKE})


def lost_of(sessions: Iterable[Appointment], *, clinic: ClinicSettings) -> list[Lost]:
    """Those of a day's sessions that don't take place, in their order. Three queries at most."""
    gone = [session for session in sessions if session.is_cancelled or session.is_missed]
    taken, policy = refilled(gone), PolicySettings.current()
    fees = {session.pk: charges.fee_due(session, clinic=clinic, policy=policy) for session in gone}
    decided = _decided([session for session in gone if fees[session.pk]])
    found = []
    for session in gone:
        fee = fees[session.pk]
        done = decided.get((session.pk, fee.purpose)) if fee else None
        found.append(Lost(session, fee.amounts.total if fee else None, done, taken.get(session.pk)))
    return found


def _decided(sessions: Sequence[Appointment]) -> dict[tuple[int | None, str], Decided]:
    """What was done about the fees of these, by the session's id and the fee's purpose."""
    if not sessions:
        return {}
    waived = Waiver.objects.in_force().filter(appointment__in=sessions).order_by()
    invoiced = Invoice.objects.live().filter(appointment__in=sessions).order_by()
    return {
        **dict.fromkeys(waived.values_list("appointment", "purpose"), Decided.WAIVED),
        **dict.fromkeys(invoiced.values_list("appointment", "purpose"), Decided.INVOICED),
    }
