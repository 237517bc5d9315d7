"""What it costs to change one's plans: one answer for every page and mail, which say it by `components/_plans.html`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from portal.appointments import terms
from portal.appointments.models import Appointment
from portal.billing import charges
from portal.clinic.models import ClinicSettings
from portal.policies.models import PolicySettings


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a session that is still to come; fees are dollars with GST, nothing where the clinic asks none."""

    free_until: datetime
    # Whether it costs a fee to cancel by now, and is too late to move.
    is_free_over: bool
    # Whether that is never so before the session begins.
    is_free_to_the_end: bool
    # Minutes after booking in which both are free all the same; 0 where a moment is said instead, or there is none.
    grace: int
    late_fee: Decimal
    missed_fee: Decimal


@dataclass(frozen=True, slots=True)
class Deadline:
    """Until when a session that is to come may be cancelled or moved for nothing, as lists of sessions say it."""

    until: datetime
    is_over: bool
    # It is free until the session begins.
    is_start: bool


def deadline_of(session: Appointment, *, now: datetime, clinic: ClinicSettings) -> Deadline | None:
    """The deadline of a booked session at `now`; None once there is nothing to change. No query."""
    if session.starts_at <= now or not session.is_booked:
        return None
    until = terms.free_until(session, clinic=clinic)
    return Deadline(until, is_over=now > until, is_start=until >= session.starts_at)


def with_deadlines(
    listed: Iterable[Appointment], *, now: datetime, clinic: ClinicSettings
) -> list[tuple[Appointment, Deadline | None]]:
    """Each session of a list beside its deadline."""
    return [(session, deadline_of(session, now=now, clinic=clinic)) for session in listed]


def terms_of(session: Appointment, *, now: datetime, clinic: ClinicSettings, is_mailed: bool = False) -> Terms | None:
    """The terms as a page says them at `now`, or a mail that is read later; None once there is nothing to change.

    What is held has its grace still to come. In a mail so short a time may be over when it is read: then it says how
    long it was from booking on, not until when.
    """
    if session.starts_at <= now or not (session.is_hold or session.is_booked):
        return None
    until = terms.free_until(session, clinic=clinic)
    is_over = now > until
    by_grace = is_over if session.is_hold else is_mailed and not is_over and terms.is_by_grace(session, clinic=clinic)
    grace = terms.grace_of(session, clinic=clinic) if by_grace else None
    return Terms(
        free_until=until,
        is_free_over=is_over,
        is_free_to_the_end=until >= session.starts_at,
        grace=int(grace.total_seconds()) // 60 if grace else 0,
        late_fee=charges.late_fee(session, clinic=clinic).amounts.total,
        missed_fee=charges.no_show_fee(session, clinic=clinic, policy=PolicySettings.current()).amounts.total,
    )
