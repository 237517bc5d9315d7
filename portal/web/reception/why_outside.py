"""Why a time that the desk typed is outside the hours of whoever it named."""

from __future__ import annotations

from datetime import timedelta

from portal.appointments.models import OutsideCalendar
from portal.clinic.models import Mode
from portal.web.calendars.in_the_way import not_worked_because
from portal.web.reception.forms import AnyTime


def busy_elsewhere(any_time: AnyTime, *, minutes: int) -> OutsideCalendar | None:
    """By which outside calendar they are busy then; None if by none."""
    typed = any_time.cleaned_data
    starts_at = typed["starts_at"]
    return OutsideCalendar.objects.busy_at(
        typed["with_whom"], start=starts_at, end=starts_at + timedelta(minutes=minutes)
    )


def because(any_time: AnyTime, *, minutes: int, mode: Mode | str) -> str:
    """The closure, the leave or the public holiday, in words; empty where it has no name."""
    typed = any_time.cleaned_data
    starts_at = typed["starts_at"]
    return not_worked_because(
        typed["with_whom"],
        typed["location"],
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=minutes),
        mode=mode,
    )
