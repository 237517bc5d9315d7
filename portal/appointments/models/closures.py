from __future__ import annotations

import uuid
from datetime import datetime, time, timedelta, tzinfo

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.accounts.roles import Role
from portal.appointments.openings import first_shown, last_shown
from portal.clinic.models import Location, Mode
from portal.clinic.models.services import modes_of
from portal.common.access.actors import Actor
from portal.common.privacy import classed


class ClosureQuerySet(models.QuerySet["Closure"]):
    def visible_to(self, actor: Actor) -> ClosureQuerySet:
        """All for staff, none for others."""
        is_staff = actor.role in {Role.PSYCHOLOGIST, Role.RECEPTION, Role.MANAGER}
        return self.all() if is_staff else self.none()


@classed(plain="id code location first_day from_time last_day until_time label in_person video phone")
class Closure(models.Model):
    """Days on which a place is closed, or every place: nobody can be booked there, whoever works.

    Days and times are on the wall clock of each place: closed from the 24th of December is so in Perth too. Without a
    time the first and the last day are closed whole. Unlike a public holiday it also closes extra hours. It may be for
    some ways of meeting alone: the rooms are painted, and video goes on.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # None is every place of the clinic.
    location = models.ForeignKey(Location, null=True, blank=True, on_delete=models.PROTECT, related_name="closures")
    first_day = models.DateField(_("from"))
    from_time = models.TimeField(_("from"), null=True, blank=True)
    last_day = models.DateField(_("until"))
    until_time = models.TimeField(_("until"), null=True, blank=True)
    label = models.CharField(_("shown in the diary as"), max_length=60)
    # The ways of meeting that it closes; where none is named, every way.
    in_person = models.BooleanField(Mode.IN_PERSON.label, default=False)
    video = models.BooleanField(Mode.VIDEO.label, default=False)
    phone = models.BooleanField(Mode.PHONE.label, default=False)

    objects = ClosureQuerySet.as_manager()

    class Meta:
        ordering = ["first_day", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gt=F("first_day"))
                | Q(last_day=F("first_day"))
                & (Q(from_time=None) | Q(until_time=None) | Q(until_time__gt=F("from_time"))),
                name="closure_ends_after_start",
            ),
            models.CheckConstraint(condition=~Q(label=""), name="closure_has_a_name"),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.first_day} - {self.last_day}"

    def is_of(self, location_id: int) -> bool:
        """Whether it closes this place."""
        return self.location_id in (None, location_id)

    @property
    def modes(self) -> list[Mode]:
        """The ways of meeting that it names; none means that it closes every way."""
        return modes_of(self)

    def closes(self, mode: Mode | str) -> bool:
        """Whether nobody can be met in this way in it."""
        return not self.modes or mode in self.modes

    def between(self, zone: tzinfo) -> tuple[datetime, datetime]:
        """From when until when, in UTC, on the clock of a zone."""
        starts = datetime.combine(self.first_day, self.from_time or time())
        # Without a time it ends with its day; where an hour comes twice, it is closed to the end of the second.
        until = (self.last_day, self.until_time) if self.until_time else (self.last_day + timedelta(days=1), time())
        return first_shown(zone, starts), last_shown(zone, datetime.combine(*until))
