"""The terms of cancelling as they were promised with a session: until when a patient changes it for nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from portal.clinic.booking_rules import rules_of
from portal.clinic.kept import services
from portal.clinic.models import ClinicSettings

if TYPE_CHECKING:
    from portal.appointments.models import Appointment


def free_until(session: Appointment, *, clinic: ClinicSettings | None = None) -> datetime:
    """Until when, inclusive, a patient may move the session, or cancel it without a fee: as it was promised.

    Whoever books so late that this is over, or nearly, has the grace after booking that was promised; never beyond the
    start.
    """
    until = _early_until(session, clinic=clinic)
    return max(until, _grace_until(session, clinic=clinic) or until)


def is_by_grace(session: Appointment, *, clinic: ClinicSettings | None = None) -> bool:
    """Whether it is the grace after booking alone that sets until when a patient cancels without a fee."""
    grace = _grace_until(session, clinic=clinic)
    return grace is not None and grace > _early_until(session, clinic=clinic)


def _early_until(session: Appointment, *, clinic: ClinicSettings | None) -> datetime:
    promised = session.cancel_hours
    if promised is None:
        in_force = rules_of(services()[session.service_id], clinic=clinic or ClinicSettings.current())
        promised = in_force.cancel_hours
    return session.starts_at - timedelta(hours=promised)


def _grace_until(session: Appointment, *, clinic: ClinicSettings | None) -> datetime | None:
    """When the grace ends; None without one, and as long as nobody has booked."""
    if session.booked_at is None or not (grace := grace_of(session, clinic=clinic)):
        return None
    return min(session.booked_at + grace, session.starts_at)


def grace_of(session: Appointment, *, clinic: ClinicSettings | None = None) -> timedelta:
    """For how long after booking it a session may be cancelled without a fee, however soon it is: as was promised."""
    promised = session.grace_minutes
    if promised is None:
        promised = (clinic or ClinicSettings.current()).grace_minutes
    return timedelta(minutes=promised)
