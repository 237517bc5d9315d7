"""The terms of cancelling as they were promised with a session: until when a patient changes it for nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypedDict

from portal.clinic.booking_rules import AFTER_AN_ANSWER, BookingRules, Near, rules_of
from portal.clinic.kept import services
from portal.clinic.models import ClinicSettings, Service
from portal.policies.models import PolicySettings

if TYPE_CHECKING:
    from portal.appointments.models import Appointment


class Promised(TypedDict):
    """What a session keeps of the terms that it was booked by, as its columns."""

    cancel_hours: int
    late_fee_percent: int
    near_hours: int | None
    near_fee_percent: int | None
    no_show_percent: int
    grace_minutes: int


def promised_now(service: Service, *, clinic: ClinicSettings, may_be_asked: bool = False) -> Promised:
    """The terms in force for whoever books a service now, or asks for it where that `may_be_asked`.

    What is asked for may be cancelled without a fee for some hours once it is confirmed, however soon it begins.
    """
    in_force = rules_of(services()[service.pk], clinic=clinic)
    grace, near = clinic.grace_minutes, in_force.near
    if may_be_asked and in_force.is_on_request:
        grace = max(grace, int(AFTER_AN_ANSWER.total_seconds()) // 60)
    return {
        "cancel_hours": in_force.cancel_hours,
        "late_fee_percent": in_force.late_fee_percent,
        "near_hours": near.hours if near else None,
        "near_fee_percent": near.percent if near else None,
        "no_show_percent": percent_for_not_coming(in_force),
        "grace_minutes": grace,
    }


def percent_for_not_coming(in_force: BookingRules) -> int:
    """Of the price: the service's own or the policy's, else what cancelling at the last moment costs."""
    if in_force.no_show_percent is not None:
        return in_force.no_show_percent
    last = in_force.near.percent if in_force.near else in_force.late_fee_percent
    return PolicySettings.current().percent_for_not_coming(last)


def late_percent(session: Appointment, *, clinic: ClinicSettings, at: datetime | None = None) -> int:
    """Percent of the price for cancelling late: at a moment, or as it was cancelled, or as soon as it isn't free."""
    if session.late_fee_percent is None:
        first, near = rules_of(services()[session.service_id], clinic=clinic).late_fee_percent, near_of(session, clinic)
    else:
        first, near = session.late_fee_percent, near_of(session, clinic)
    if near is None:
        return first
    begins = session.starts_at - timedelta(hours=near.hours)
    at = at or session.cancelled_at
    return near.percent if (at > begins if at else free_until(session, clinic=clinic) >= begins) else first


def near_of(session: Appointment, clinic: ClinicSettings) -> Near | None:
    """The second fee that was promised with the session; with one that keeps no promise, the one in force."""
    if session.late_fee_percent is None:
        return rules_of(services()[session.service_id], clinic=clinic).near
    if session.near_hours is None or session.near_fee_percent is None:
        return None
    return Near(session.near_hours, session.near_fee_percent)


def near_from(session: Appointment, *, clinic: ClinicSettings) -> datetime | None:
    """The last moment, inclusive, at which cancelling costs the first fee; None where there is but one."""
    near = near_of(session, clinic)
    if near is None:
        return None
    begins = session.starts_at - timedelta(hours=near.hours)
    return begins if begins > free_until(session, clinic=clinic) else None


def free_until(session: Appointment, *, clinic: ClinicSettings | None = None) -> datetime:
    """Until when, inclusive, a patient may move the session, or cancel it without a fee: as it was promised.

    Whoever books so late that this is over, or nearly, has the grace after booking that was promised; never beyond the
    start.
    """
    until = _early_until(session, clinic=clinic)
    return max(until, _grace_until(session, clinic=clinic) or until)


def hours_that_keep(session: Appointment, starts_at: datetime, *, clinic: ClinicSettings) -> int:
    """The promised hours with which it is cancelled for nothing as long as now once it begins at `starts_at`.

    They are never more than were promised, and none where it is free until it begins.
    """
    promised = _promised_hours(session, clinic=clinic)
    left = (starts_at - free_until(session, clinic=clinic)) // timedelta(hours=1)
    return min(promised, max(0, left))


def keep_free_time(session: Appointment, starts_at: datetime, *, clinic: ClinicSettings, now: datetime) -> None:
    """Changes what is promised with a session that the clinic moves to `starts_at`, as it can't hold it; unsaved.

    It stays free as long as before, and for the hours that anybody has who couldn't know when they would be answered;
    or until it begins. Call it while the session stands where it was.
    """
    session.cancel_hours = hours_that_keep(session, starts_at, clinic=clinic)
    if starts_at - timedelta(hours=session.cancel_hours) < min(now + AFTER_AN_ANSWER, starts_at):
        grace = max(grace_of(session, clinic=clinic), AFTER_AN_ANSWER)
        session.booked_at, session.grace_minutes = now, int(grace.total_seconds()) // 60


def is_below_rule(session: Appointment, *, clinic: ClinicSettings) -> bool:
    """Whether fewer hours were promised than are in force, as where the clinic moved it (`keep_free_time`)."""
    return session.cancel_hours is not None and session.cancel_hours < _hours_in_force(session, clinic=clinic)


def end_kept_time(session: Appointment, starts_at: datetime, *, clinic: ClinicSettings) -> None:
    """Changes what is promised with a session that the clinic once moved, as somebody now wants it at `starts_at`.

    The hours in force hold for the new time, but it stays free until the moment that was promised; unsaved. Call it
    while the session stands where it was.
    """
    left = (starts_at - free_until(session, clinic=clinic)) // timedelta(hours=1)
    in_force = max(_promised_hours(session, clinic=clinic), _hours_in_force(session, clinic=clinic))
    session.cancel_hours = min(in_force, max(0, left))


def is_by_grace(session: Appointment, *, clinic: ClinicSettings | None = None) -> bool:
    """Whether it is the grace after booking alone that sets until when a patient cancels without a fee."""
    grace = _grace_until(session, clinic=clinic)
    return grace is not None and grace > _early_until(session, clinic=clinic)


def _early_until(session: Appointment, *, clinic: ClinicSettings | None) -> datetime:
    return session.starts_at - timedelta(hours=_promised_hours(session, clinic=clinic))


def _promised_hours(session: Appointment, *, clinic: ClinicSettings | None) -> int:
    if session.cancel_hours is not None:
        return session.cancel_hours
    return _hours_in_force(session, clinic=clinic or ClinicSettings.current())


def _hours_in_force(session: Appointment, *, clinic: ClinicSettings) -> int:
    return rules_of(services()[session.service_id], clinic=clinic).cancel_hours


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
