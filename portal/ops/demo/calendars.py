"""Calendars of the invented clinic's people: addresses that their programs read, and one that the portal reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta

from django.utils import timezone

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.appointments.actions import subscribing
from portal.appointments.hours import main_zone
from portal.appointments.models import CalendarFeed, OutsideBusy, OutsideCalendar
from portal.clinic.models import ClinicSettings, Psychologist
from portal.common.access.actors import Actor
from portal.common.languages.times import local_day
from portal.ops.demo import sign_ins
from portal.patients.models import Patient

# Wednesdays and Fridays, for some weeks: a class that she teaches, and the way there.
WEEKDAYS, WEEKS = (2, 4), 8
FROM, UNTIL = time(12, 30), time(14, 30)


def connect(*, accounts: Mapping[sign_ins.Person, User], now: datetime) -> None:
    """Makes an address of a psychologist's and of a patient's, and keeps what a psychologist has on elsewhere."""
    mai, jordan = accounts[sign_ins.MAI], accounts[sign_ins.JORDAN]
    made = now - timedelta(days=20)
    # By the clock: her role was given a moment ago, and an address that is older than the role opens nothing.
    diary = subscribing.make_feed(
        patient=None, titles=CalendarFeed.Titles.NEUTRAL, by=Actor(mai, Role.PSYCHOLOGIST), now=timezone.now()
    )[0]
    own = Patient.objects.filter(user=jordan).first()
    if own is not None:
        subscribing.make_feed(patient=own, titles=CalendarFeed.Titles.NAMED, by=Actor(jordan, Role.PATIENT), now=made)
    CalendarFeed.objects.filter(pk=diary.pk).update(last_used_at=timezone.now())
    _elsewhere(Psychologist.objects.get(user=mai), now=now)


def _elsewhere(psychologist: Psychologist, *, now: datetime) -> None:
    """As it was read a moment ago. Nobody is asked again: the demo goes to no network."""
    calendar = OutsideCalendar(
        psychologist=psychologist,
        added_at=now - timedelta(days=30),
        read_at=now,
        tried_at=now,
        next_try_at=now + timedelta(days=3650),
        known_until=now + timedelta(days=430),
    )
    calendar.address = "https://calendar.example/mai/basic.ics"
    calendar.save(force_insert=True)
    zone = main_zone(psychologist.pk, clinic=ClinicSettings.current())
    days = [local_day(now, zone) + timedelta(days=n) for n in range(7 * WEEKS)]
    OutsideBusy.objects.bulk_create(
        OutsideBusy(
            calendar=calendar,
            psychologist=psychologist,
            starts_at=datetime.combine(day, FROM, zone),
            ends_at=datetime.combine(day, UNTIL, zone),
        )
        for day in days
        if day.weekday() in WEEKDAYS
    )
