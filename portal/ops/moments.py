"""Moments at which software about appointments goes wrong, and how a run of tests is set to one of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

# tests/clock/sitecustomize.py reads it in every Python process of the run. Seconds.
SHIFT = "PORTAL_CLOCK_SHIFT"
CLOCK = settings.BASE_DIR / "tests" / "clock"


@dataclass(frozen=True)
class Moment:
    """What is awkward about it, and when it comes, aware and on the clinic's clock."""

    name: str
    at: datetime

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%dT%H:%M}, {self.name}"


def awkward_moments(today: date) -> list[Moment]:
    """The next of each after `today`: no cookie and no certificate lives in a past that never was."""
    # Clocks change in Victoria on the first Sunday of April and of October (Summer Time Act 1972).
    return [
        _next(today, "a Sunday evening: this week has no time left", "21:30", lambda day: day.isoweekday() == 7),
        _next(today, "a Friday afternoon: tomorrow nobody works", "16:55", lambda day: day.isoweekday() == 5),
        _next(today, "the last minutes of a year", "23:40", lambda day: (day.month, day.day) == (12, 31)),
        _next(today, "a leap day", "14:05", lambda day: (day.month, day.day) == (2, 29)),
        _next(today, "the night clocks go back: the hour to come comes twice", "01:50", _is_first_sunday_of(4)),
        _next(today, "the night clocks go forward: the hour to come never comes", "01:50", _is_first_sunday_of(10)),
        _next(today, "a month whose first is a Monday", "00:20", lambda day: day.day == 1 and day.isoweekday() == 1),
    ]


def moment_of_the_day(today: date) -> Moment:
    """One of them a day: each once from Monday to Sunday, and after as many weeks each on every weekday."""
    moments = awkward_moments(today)
    week, weekday = divmod(today.toordinal() - 1, 7)  # the first day of all, of the year 1, is a Monday
    return moments[(week + weekday) % len(moments)]


def read_moment(words: str) -> datetime:
    """A time such as 2027-04-04T01:50 on the clinic's clock; raises ValueError on anything else."""
    at = datetime.fromisoformat(words)
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(settings.TIME_ZONE))


def clock_shown(at: datetime, *, now: datetime, environment: Mapping[str, str]) -> dict[str, str]:
    """What lets a process and its children live from `at` on, where it is really `now`; both aware."""
    path = os.pathsep.join(filter(None, [str(CLOCK), environment.get("PYTHONPATH", "")]))
    return {SHIFT: str(round((at - now).total_seconds())), "PYTHONPATH": path}


def _next(today: date, name: str, clock: str, is_it: Callable[[date], bool]) -> Moment:
    day = today + timedelta(days=1)
    while not is_it(day):
        day += timedelta(days=1)
    return Moment(name, read_moment(f"{day}T{clock}"))


def _is_first_sunday_of(month: int) -> Callable[[date], bool]:
    return lambda day: day.month == month and day.isoweekday() == 7 and day.day <= 7
