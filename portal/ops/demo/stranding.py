"""Sessions of the invented clinic that can't be held as they are booked: a long leave, and hours that begin later."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import cycle

from portal.appointments import actions as diary
from portal.appointments.actions import Shift
from portal.appointments.models import Appointment, TimeSlot, WorkingHours
from portal.appointments.refusals import Refusal
from portal.clinic.models import Mode, Psychologist, Service
from portal.common.access.actors import Actor
from portal.journeys import time_away, weekly
from portal.patients.models import Patient

# So many sessions in her leave, of so many a day: worth deciding about together, and few enough to call everybody.
ON_LEAVE, A_DAY = 6, 2
LATER = time(16)


def long_leave(psychologist: Psychologist, *, desk: Actor, now: datetime) -> None:
    """Two to five weeks ahead she is away for family, and has been booked ever since."""
    days = list(_days(psychologist, first=14, last=35, now=now))
    patients = _own(psychologist)
    left = ON_LEAVE
    for window, day in days:
        of_the_day = 0
        for hour in range(window.starts.hour, window.ends.hour or 24):
            starts_at = datetime.combine(day, time(hour), tzinfo=window.location.zone)
            if of_the_day < min(A_DAY, left):
                of_the_day += _book(psychologist, window, next(patients), starts_at, desk=desk, now=now)
        left -= of_the_day
    zone = days[0][0].location.zone
    time_away.add_time_slot(
        psychologist=psychologist,
        kind=TimeSlot.Kind.BLOCKED,
        starts_at=datetime.combine(days[0][1], time(), tzinfo=zone),
        ends_at=datetime.combine(days[-1][1] + timedelta(days=1), time(), tzinfo=zone),
        label="Family leave",
        by=desk,
        now=now - timedelta(hours=1),
    )


def later_evenings(psychologist: Psychologist, *, desk: Actor, now: datetime) -> None:
    """His evenings begin an hour later from now on; somebody is booked in the first hour of one."""
    patients = _own(psychologist)
    for window, day in _days(psychologist, first=15, last=40, now=now):
        if window.starts < LATER <= window.ends:
            starts_at = datetime.combine(day, window.starts, tzinfo=window.location.zone)
            if _book(psychologist, window, next(patients), starts_at, desk=desk, now=now):
                break
    rows = WorkingHours.objects.filter(psychologist=psychologist).select_related("location")
    hours = [
        Shift(
            weekday=row.weekday,
            starts=max(row.starts, LATER) if row.ends > LATER else row.starts,
            ends=row.ends,
            location=row.location,
            modes=frozenset(Mode(mode) for mode in row.modes),
            valid_from=row.valid_from,
            valid_until=row.valid_until,
        )
        for row in rows
    ]
    weekly.set_weekly_hours(psychologist=psychologist, hours=hours, by=desk, now=now - timedelta(hours=2))


def _own(psychologist: Psychologist) -> Iterator[Patient]:
    """Whom they see, over and over."""
    seen = Appointment.objects.with_a_person().filter(psychologist=psychologist)
    return cycle(Patient.objects.filter(pk__in=seen.values("patient")).order_by("pk"))


def _days(psychologist: Psychologist, *, first: int, last: int, now: datetime) -> Iterator[tuple[WorkingHours, date]]:
    """The windows of somebody's week on each of these days from today, in order."""
    rows = list(WorkingHours.objects.filter(psychologist=psychologist).select_related("location"))
    for offset in range(first, last):
        for row in rows:
            day = row.location.day_of(now) + timedelta(days=offset)
            if day.weekday() == row.weekday:
                yield row, day


def _book(
    psychologist: Psychologist,
    window: WorkingHours,
    patient: Patient,
    starts_at: datetime,
    *,
    desk: Actor,
    now: datetime,
) -> bool:
    """Books one session if that can be."""
    try:
        diary.book(
            psychologist=psychologist,
            patient=patient,
            service=Service.objects.get(slug="session"),
            mode=Mode.VIDEO if window.modes else Mode.IN_PERSON,
            starts_at=starts_at,
            location=window.location,
            by=desk,
            now=now - timedelta(days=3),
        )
    except Refusal:
        return False
    return True
