"""The rules of booking in force for one service: its own where it has any, else the clinic's.

Whoever offers, takes or changes a booking asks here, and so does every page that says how it is done. What was promised
with a session that is booked stands on the session itself: `portal.appointments.terms`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from portal.clinic.models import Ahead, ClinicSettings, HowBooked, Service, WhoBooks

# So long before its start a request has been answered, or has ended.
NEAR = timedelta(hours=2)


# Who asks for a time can't know when it is confirmed: at night, or at work, they need some hours to read that it is, in
# which they cancel it for nothing.
AFTER_AN_ANSWER: Final = timedelta(hours=12)


class Near(NamedTuple):
    """The fee for cancelling less than so many hours before the start, in percent of the price."""

    hours: int
    percent: int


@dataclass(frozen=True, slots=True)
class BookingRules:
    """How one service is booked online. The desk is bound by none of the times and numbers."""

    # From how soon and to how far ahead a session may start.
    notice: timedelta
    horizon: timedelta
    # How long a chosen time is kept for who chose it.
    hold: timedelta
    # Hours before its start in which cancelling or moving it is free no more.
    cancel_hours: int
    # Percent of the price after that; and from `near_hours` before its start on, where there is a second fee.
    late_fee_percent: int
    near: Near | None
    # Of not coming, where the service says; else the policy does.
    no_show_percent: int | None
    # How many sessions one patient may have ahead: of all services, and of this one if it sets a number.
    most_sessions: int
    most_of_service: int | None
    who: WhoBooks
    # Whether confirming asks for the time, and within how long the clinic answers.
    is_on_request: bool
    answer_within: timedelta
    # What is paid by card before it counts as booked, and what by whoever comes for the first time.
    ahead: Ahead
    ahead_first: Ahead

    @property
    def hold_minutes(self) -> int:
        """The time of a hold as pages write it."""
        return int(self.hold.total_seconds()) // 60

    def times(self, *, now: datetime) -> tuple[datetime, datetime]:
        """The first and the last moment, aware, at which a session that is booked now may start."""
        return now + self.notice, now + self.horizon

    def answer_by(self, starts_at: datetime, *, now: datetime) -> datetime:
        """Until when a request made now is answered, on a whole minute: in time for whoever has to come.

        It ends two hours before its start at the latest or, where it is asked for later than that allows, when half of
        the time that is left has gone.
        """
        near = max(starts_at - NEAR, now + (starts_at - now) / 2)
        return min(now + self.answer_within, near).replace(second=0, microsecond=0)


def _own(value: int | None, clinics: int) -> int:
    return clinics if value is None else value


def rules_of(service: Service, *, clinic: ClinicSettings) -> BookingRules:
    """What is in force for a service: a value of its own, nought included, comes before the clinic's."""
    return BookingRules(
        notice=timedelta(hours=_own(service.notice_hours, clinic.notice_hours)),
        horizon=timedelta(days=_own(service.horizon_days, clinic.horizon_days)),
        hold=timedelta(minutes=_own(service.hold_minutes, clinic.hold_minutes)),
        cancel_hours=_own(service.cancel_hours, clinic.cancel_hours),
        late_fee_percent=_own(service.late_fee_percent, clinic.late_fee_percent),
        near=_near(service, clinic=clinic),
        no_show_percent=service.no_show_percent,
        most_sessions=clinic.max_open_bookings,
        most_of_service=service.max_open_bookings,
        who=_who(service, clinic=clinic),
        is_on_request=(service.how_booked or clinic.how_booked) == HowBooked.ON_REQUEST,
        answer_within=timedelta(hours=_own(service.answer_hours, clinic.answer_hours)),
        ahead=Ahead(service.ahead or clinic.ahead),
        ahead_first=Ahead(service.ahead or clinic.ahead_first),
    )


def _near(service: Service, *, clinic: ClinicSettings) -> Near | None:
    """The second fee: where its hours are fewer than those of the free time, and it is more than the first."""
    hours = clinic.near_hours if service.near_hours is None else service.near_hours
    percent = clinic.near_fee_percent if service.near_fee_percent is None else service.near_fee_percent
    first = _own(service.late_fee_percent, clinic.late_fee_percent)
    free = _own(service.cancel_hours, clinic.cancel_hours)
    return Near(hours, percent) if hours and percent is not None and hours < free and percent > first else None


def _who(service: Service, *, clinic: ClinicSettings) -> WhoBooks:
    """Where a clinic's services are for people known there, somebody new begins with one that is for first visits."""
    if service.who_books:
        return WhoBooks(service.who_books)
    if service.first_visit_only and clinic.who_books == WhoBooks.KNOWN:
        return WhoBooks.ANYONE
    return WhoBooks(clinic.who_books)


def cancel_hours_of_all(services: Iterable[Service], *, clinic: ClinicSettings) -> int:
    """Hours before its start until which any session of these may be cancelled free: true of each, so the most."""
    return max((rules_of(service, clinic=clinic).cancel_hours for service in services), default=clinic.cancel_hours)


def hold_minutes_of_all(services: Iterable[Service], *, clinic: ClinicSettings) -> int:
    """Minutes for which a chosen time of any of these is held: true of each, so the fewest."""
    return min((rules_of(service, clinic=clinic).hold_minutes for service in services), default=clinic.hold_minutes)
