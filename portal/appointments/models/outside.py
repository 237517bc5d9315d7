"""The calendars that psychologists keep elsewhere, and when they are busy by them: times, and nothing of what for."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, Q

from portal.appointments.models.hours import OfPsychologistQuerySet
from portal.appointments.outside.addresses import masked
from portal.clinic.models import Psychologist
from portal.common.crypto.fields import EncryptedTextField
from portal.common.privacy import classed

# From then on a page says how old what it shows is.
STALE = timedelta(hours=24)
# Who did not answer for so long will hardly answer again: its times close no openings any more.
GIVEN_UP = timedelta(days=60)


def is_stale(problem: str, read_at: datetime | None, *, now: datetime) -> bool:
    """Whether what is known of a calendar is old, or nothing is known yet although it was tried."""
    return bool(problem) and (read_at is None or read_at < now - STALE)


class OutsideCalendarQuerySet(OfPsychologistQuerySet["OutsideCalendar"]):
    def due(self, now: datetime) -> OutsideCalendarQuerySet:
        return self.filter(next_try_at__lte=now)

    def failing(self) -> OutsideCalendarQuerySet:
        """Those that could not be read the last time; the address is left out, and needs no key."""
        return self.filter(failures__gt=0).defer("address")

    def busy_at(self, psychologist: Psychologist, *, start: datetime, end: datetime) -> OutsideCalendar | None:
        """The one by which somebody is busy for a part of this time; None if none is."""
        touching = OutsideBusy.objects.filter(psychologist=psychologist, ends_at__gt=start, starts_at__lt=end)
        return self.filter(pk__in=touching.values("calendar")).first()


@classed(
    plain="id code psychologist etag modified added_at read_at tried_at next_try_at failures problem left_out "
    "known_until",
    personal="address",
)
class OutsideCalendar(models.Model):
    """One address of a calendar elsewhere, which the worker reads. Whoever has the address reads the calendar."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    psychologist = models.ForeignKey(Psychologist, on_delete=models.PROTECT, related_name="outside_calendars")
    address = EncryptedTextField[str, str](bound_to="code")
    # What it sent along, to be asked by the next time.
    etag = models.CharField(max_length=200, blank=True)
    modified = models.CharField(max_length=200, blank=True)
    added_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    tried_at = models.DateTimeField(null=True, blank=True)
    next_try_at = models.DateTimeField(db_index=True)
    failures = models.PositiveSmallIntegerField(default=0)
    # One word for why it could not be read the last time; empty where it could.
    problem = models.CharField(max_length=12, blank=True)
    # Events that made no sense, and so close nothing.
    left_out = models.PositiveIntegerField(default=0)
    # Up to when its times were worked out.
    known_until = models.DateTimeField(null=True, blank=True)

    objects = OutsideCalendarQuerySet.as_manager()

    class Meta:
        ordering = ["added_at", "pk"]
        verbose_name = "outside calendar"
        constraints = [
            models.CheckConstraint(
                condition=Q(problem="", failures=0) | (~Q(problem="") & Q(failures__gt=0)),
                name="outside_calendar_fails_with_a_problem",
            ),
        ]

    def __str__(self) -> str:
        return str(self.code)

    @property
    def shown(self) -> str:
        """Where it leads, without what opens it."""
        return masked(self.address)

    def is_stale(self, *, now: datetime) -> bool:
        """Whether what is known of it is old, or nothing is known yet although it was tried."""
        return is_stale(self.problem, self.read_at, now=now)

    def is_given_up(self, *, now: datetime) -> bool:
        return bool(self.problem) and (self.read_at or self.added_at) < now - GIVEN_UP


@classed(plain="id calendar psychologist starts_at ends_at")
class OutsideBusy(models.Model):
    """A time at which somebody is busy elsewhere; those of one calendar don't touch."""

    calendar = models.ForeignKey(OutsideCalendar, on_delete=models.CASCADE, related_name="busy")
    # The calendar's own, kept here so that many people's times are one look into one index.
    psychologist = models.ForeignKey(Psychologist, on_delete=models.PROTECT, related_name="+", db_index=False)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        ordering = ["starts_at"]
        indexes = [models.Index(fields=["psychologist", "ends_at"], name="outside_busy_of_psychologist")]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="outside_busy_ends_after_start"),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} UTC"
