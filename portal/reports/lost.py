"""Sessions of a day that don't take place: called off or missed, what the policy says of it, and who has the time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from portal.appointments.models import Appointment, CancelReason
from portal.appointments.waitlist import refilled
from portal.billing import charges
from portal.clinic.models import ClinicSettings
from portal.policies.models import PolicySettings


@dataclass(frozen=True, slots=True)
class Lost:
    """A session that was called off or missed, and who has its time now.

    `fee` is what the policy asks for it, in dollars with GST; None where it asks nothing.
    """

    session: Appointment
    fee: Decimal | None = None
    refilled_by: Appointment | None = None

    @property
    def is_by_clinic(self) -> bool:
        """Whether it was not the patient who called it off: then nothing is late."""
        return self.session.is_cancelled and not self.session.late and self.session.cancel_reason in _OF_CLINIC


_OF_CLINIC = frozenset({CancelReason.PSYCHOLOGIST, CancelReason.CLINIC, CancelReason.MISTAKE})


def lost_of(sessions: Iterable[Appointment], *, clinic: ClinicSettings) -> list[Lost]:
    """Those of a day's sessions that don't take place, in their order. One query at most."""
    gone = [session for session in sessions if session.is_cancelled or session.is_missed]
    taken, policy = refilled(gone), PolicySettings.current()
    found = []
    for session in gone:
        fee = charges.fee_due(session, clinic=clinic, policy=policy)
        found.append(Lost(session, fee.amounts.total if fee else None, taken.get(session.pk)))
    return found
