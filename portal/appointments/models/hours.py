from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Self, TypeVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.accounts.roles import Role
from portal.clinic.models import Location, Mode, Psychologist
from portal.clinic.models.services import modes_of
from portal.common.access.actors import Actor
from portal.common.privacy import classed

DAY_MINUTES = 24 * 60


def end_minute(ends: time) -> int:
    """Minutes from midnight to the end of a window: one that ends at 00:00 ends with its day, at 24:00."""
    return ends.hour * 60 + ends.minute or DAY_MINUTES


class Weekday(models.IntegerChoices):
    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


M = TypeVar("M", bound=models.Model, covariant=True)


class OfPsychologistQuerySet(models.QuerySet[M]):
    def visible_to(self, actor: Actor) -> Self:
        """Their own for psychologists, all for the desk and the manager, none for others."""
        match actor.role:
            case Role.PSYCHOLOGIST:
                return self.filter(psychologist__user=actor.user)
            case Role.RECEPTION | Role.MANAGER:
                return self.all()
        return self.none()


class TimeSlotQuerySet(OfPsychologistQuerySet["TimeSlot"]):
    def between(self, start: datetime, end: datetime) -> TimeSlotQuerySet:
        """Those that touch the time from `start` (inclusive) to `end` (exclusive)."""
        return self.filter(starts_at__lt=end, ends_at__gt=start)

    def away(self) -> TimeSlotQuerySet:
        """Time away, which wins over every other hour."""
        return self.filter(kind=TimeSlot.Kind.BLOCKED)


@classed(
    plain="id code psychologist location weekday starts ends in_person video phone valid_from valid_until",
)
class WorkingHours(models.Model):
    """Weekly hours of one psychologist at one location, on that location's wall clock and on whole minutes.

    Hours that end at 00:00 end with their day, at 24:00, for which databases and Python share no word.
    Two windows of one weekday may touch but not overlap on days on which both are valid; the database holds that
    (guards.py).
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    psychologist = models.ForeignKey(Psychologist, on_delete=models.PROTECT, related_name="hours")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="hours")
    weekday = models.PositiveSmallIntegerField(_("day"), choices=Weekday.choices)
    starts = models.TimeField(_("from"))
    ends = models.TimeField(_("until"))
    # The ways of meeting that they are for; where none is named, every way that the psychologist offers.
    in_person = models.BooleanField(Mode.IN_PERSON.label, default=False)
    video = models.BooleanField(Mode.VIDEO.label, default=False)
    phone = models.BooleanField(Mode.PHONE.label, default=False)
    # The first and the last day on which they are worked; without one they began long ago, or go on.
    valid_from = models.DateField(_("from"), null=True, blank=True)
    valid_until = models.DateField(_("until"), null=True, blank=True)

    objects = OfPsychologistQuerySet["WorkingHours"].as_manager()

    class Meta:
        ordering = ["weekday", "starts"]
        verbose_name_plural = "working hours"
        constraints = [
            models.CheckConstraint(condition=Q(ends__gt=F("starts")) | Q(ends=time()), name="hours_end_after_start"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="hours_have_a_weekday"),
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                name="hours_valid_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.starts:%H:%M}-{self.ends:%H:%M}"

    @property
    def minutes(self) -> int:
        """How long the window is."""
        return end_minute(self.ends) - self.starts.hour * 60 - self.starts.minute

    @property
    def modes(self) -> list[Mode]:
        """The ways of meeting that it names; none means every way that the psychologist offers."""
        return modes_of(self)

    def is_valid_on(self, day: date) -> bool:
        """Whether the window stands in the week of this day, whatever its weekday."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )

    def is_worked_on(self, day: date) -> bool:
        """Whether the window is one of this day: of its weekday, and valid then."""
        return self.weekday == day.weekday() and self.is_valid_on(day)

    def is_for(self, mode: Mode | str) -> bool:
        """Whether people are met in this way in it."""
        return not self.modes or mode in self.modes


@classed(plain="id code psychologist location kind starts_at ends_at label")
class TimeSlot(models.Model):
    """A dated exception to the weekly hours: extra time that can be booked, or time that can't."""

    class Kind(models.TextChoices):
        """Whether the time is added to the weekly hours or taken from them."""

        EXTRA = "extra", _("Extra hours")
        BLOCKED = "blocked", _("Not available")

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    psychologist = models.ForeignKey(Psychologist, on_delete=models.PROTECT, related_name="time_slots")
    # Extra time is worked somewhere; being away is away everywhere.
    location = models.ForeignKey(Location, null=True, blank=True, on_delete=models.PROTECT, related_name="time_slots")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    label = models.CharField(_("shown in the diary as"), max_length=60, blank=True)

    objects = TimeSlotQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at"]
        # By its end: what is over is most of them, and is not looked at again.
        indexes = [models.Index(fields=["psychologist", "ends_at"], name="time_slot_of_psychologist")]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="time_slot_ends_after_start"),
            models.CheckConstraint(
                condition=Q(kind="blocked") | Q(location__isnull=False), name="time_slot_extra_has_a_location"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.starts_at:%Y-%m-%d %H:%M}"

    def open_parts(self, away: Iterable[TimeSlot]) -> list[tuple[datetime, datetime]]:
        """What is left of extra hours beside time `away`, from and until in order; nothing where all is covered."""
        parts, begins = [], self.starts_at
        for off in sorted(away, key=lambda one: one.starts_at):
            if off.starts_at > begins:
                parts.append((begins, min(off.starts_at, self.ends_at)))
            begins = max(begins, off.ends_at)
            if begins >= self.ends_at:
                break
        if begins < self.ends_at:
            parts.append((begins, self.ends_at))
        return parts
