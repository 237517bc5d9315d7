"""What it costs to change one's plans: one answer for every page and mail, which say it by `components/_plans.html`."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from portal.appointments import terms
from portal.appointments.models import Appointment
from portal.billing import charges
from portal.clinic.booking_rules import AFTER_AN_ANSWER, rules_of
from portal.clinic.models import ClinicSettings
from portal.common.money import ZERO
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
    # After when cancelling costs another fee, and which; None where it stays the same.
    near_from: datetime | None = None
    near_fee: Decimal = ZERO
    # It is asked for, or would be: taken back for nothing until the clinic answers; the rest holds from then on.
    is_asked: bool = False


@dataclass(frozen=True, slots=True)
class Deadline:
    """Until when a session that is to come may be cancelled or moved for nothing, as lists of sessions say it."""

    until: datetime
    is_over: bool
    # It is free until the session begins.
    is_start: bool
    # It is asked for and not booked: taken back for nothing until the clinic answers.
    is_asked: bool = False
    # Minutes from the answer on in which it is free all the same, where `until` is over already; else 0.
    grace: int = 0


@dataclass(frozen=True, slots=True)
class EachTerms:
    """The terms that several sessions share; fees are dollars with GST, nothing where the clinic asks none."""

    # Hours before each begins in which cancelling it is free no more.
    cancel_hours: int
    late_fee: Decimal
    missed_fee: Decimal
    # Less than so many hours before each begins cancelling costs another fee; 0 where it stays the same.
    near_hours: int = 0
    near_fee: Decimal = ZERO


def deadline_of(session: Appointment, *, now: datetime, clinic: ClinicSettings) -> Deadline | None:
    """The deadline of what is booked or asked for, at `now`; None once there is nothing to change. No query."""
    if session.starts_at <= now or not (session.is_booked or session.is_request):
        return None
    until = terms.free_until(session, clinic=clinic)
    is_over, is_asked = now > until, session.is_request
    return Deadline(
        until,
        is_over=is_over,
        is_start=until >= session.starts_at,
        is_asked=is_asked,
        grace=_minutes(terms.grace_of(session, clinic=clinic)) if is_asked and is_over else 0,
    )


def with_deadlines(
    listed: Iterable[Appointment], *, now: datetime, clinic: ClinicSettings
) -> list[tuple[Appointment, Deadline | None]]:
    """Each session of a list beside its deadline."""
    return [(session, deadline_of(session, now=now, clinic=clinic)) for session in listed]


def terms_of(
    session: Appointment, *, now: datetime, clinic: ClinicSettings, is_mailed: bool = False, is_asked: bool = False
) -> Terms | None:
    """The terms as a page says them at `now`, or a mail that is read later; None once there is nothing to change.

    `is_asked` is for a held time that confirming only asks for. What is held or asked for has its grace still to come.
    In a mail a short grace may be over when it is read: then it says how long it was from booking on, not until when.
    """
    if session.starts_at <= now or not (session.is_hold or session.is_request or session.is_booked):
        return None
    until = terms.free_until(session, clinic=clinic)
    is_over = now > until
    if session.is_booked:
        is_short = terms.grace_of(session, clinic=clinic) < AFTER_AN_ANSWER
        by_grace = is_mailed and not is_over and is_short and terms.is_by_grace(session, clinic=clinic)
    else:
        by_grace = is_over
    first = charges.late_fee(session, clinic=clinic, at=now if is_over else None).amounts.total
    near_from, near_fee = near_terms(session, now=now, clinic=clinic)
    return Terms(
        free_until=until,
        is_free_over=is_over,
        is_free_to_the_end=until >= session.starts_at,
        grace=_minutes(terms.grace_of(session, clinic=clinic)) if by_grace else 0,
        late_fee=first,
        missed_fee=charges.no_show_fee(session, clinic=clinic, policy=PolicySettings.current()).amounts.total,
        near_from=near_from,
        near_fee=near_fee,
        is_asked=is_asked or session.is_request,
    )


def near_terms(session: Appointment, *, now: datetime, clinic: ClinicSettings) -> tuple[datetime | None, Decimal]:
    """After when cancelling costs the second fee, and that fee in dollars with GST; None once that is over."""
    near_from = terms.near_from(session, clinic=clinic)
    if near_from is None or near_from < now:
        return None, ZERO
    return near_from, charges.late_fee(session, clinic=clinic, at=session.starts_at).amounts.total


def terms_of_another(session: Appointment, *, clinic: ClinicSettings) -> EachTerms:
    """The terms on which more sessions like this one are booked today."""
    another = copy(session)
    another.cancel_hours = another.late_fee_percent = another.no_show_percent = None
    another.near_hours = another.near_fee_percent = None
    another.fee = session.psychologist.fee_for(session.service)
    return terms_of_each(another, clinic=clinic)


def terms_of_each(session: Appointment, *, clinic: ClinicSettings) -> EachTerms:
    """The terms that were promised with sessions that were booked together, of which this is one."""
    in_force = rules_of(session.service, clinic=clinic).cancel_hours
    hours = in_force if session.cancel_hours is None else session.cancel_hours
    near = terms.near_of(session, clinic)
    has_near = near is not None and near.hours < hours
    return EachTerms(
        near_hours=near.hours if near and has_near else 0,
        near_fee=charges.late_fee(session, clinic=clinic, at=session.starts_at).amounts.total if has_near else ZERO,
        cancel_hours=hours,
        # As long before as it is the first.
        late_fee=charges.late_fee(session, clinic=clinic, at=session.starts_at - timedelta(hours=hours)).amounts.total,
        missed_fee=charges.no_show_fee(session, clinic=clinic, policy=PolicySettings.current()).amounts.total,
    )


def of_several(
    listed: Iterable[Appointment], *, now: datetime, clinic: ClinicSettings
) -> tuple[EachTerms | None, list[tuple[Appointment, Terms]]]:
    """What a mail says of several sessions: the terms of most of them, and those that have their own, in order.

    A session has its own if it begins so soon that it is free for a grace at the most, or was promised something else.
    The first is None where each has its own, or none is to come.
    """
    shared, own = None, []
    for session in listed:
        its = terms_of(session, now=now, clinic=clinic, is_mailed=True)
        if its is None:
            continue
        promised = terms_of_each(session, clinic=clinic)
        if its.is_free_over or terms.is_by_grace(session, clinic=clinic) or (shared and promised != shared):
            own.append((session, its))
        else:
            shared = promised
    return shared, own


def _minutes(long: timedelta) -> int:
    return int(long.total_seconds()) // 60
