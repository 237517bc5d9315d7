"""By when somebody may expect an answer: in working days, as the clinic promises them."""

from __future__ import annotations

from collections.abc import Container
from datetime import date, datetime, time, timedelta

from portal.clinic.holidays import holidays_in
from portal.clinic.models import ClinicSettings
from portal.common.languages.times import local_day

SATURDAY = 5
CLOSES = time(17)


def answered_by(written: datetime, *, clinic: ClinicSettings) -> datetime:
    """Five o'clock of the last of the working days that the clinic gives itself; the day it was written isn't one."""
    day = local_day(written, clinic.zone)
    free = holidays_in(clinic.state, first_day=day, last_day=day + timedelta(days=40))
    left = clinic.message_days
    while left:
        day += timedelta(days=1)
        left -= _is_worked(day, free)
    return datetime.combine(day, CLOSES, clinic.zone)


def _is_worked(day: date, free: Container[date]) -> bool:
    return day.weekday() < SATURDAY and day not in free
