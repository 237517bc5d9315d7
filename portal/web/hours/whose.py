"""Whose hours a page shows, and who reads it: the psychologist, or the desk on their behalf."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.urls import reverse

from portal.appointments.listing import with_clinic
from portal.appointments.models import Appointment, TimeSlot, WorkingHours
from portal.appointments.models.appointment import AppointmentQuerySet
from portal.appointments.models.hours import TimeSlotQuerySet
from portal.clinic.models import Psychologist
from portal.common.access.actors import Actor
from portal.journeys.rearranging.deciding import undecided_sessions
from portal.journeys.stranded import requests_in_the_way
from portal.web.hours.left import Left, outside_hours
from portal.web.hours.worked import weekly_hours_of
from portal.web.rearranging.audience import address


def _nothing(_now: datetime) -> Mapping[str, object]:
    return {}


@dataclass(frozen=True, slots=True)
class Whose:
    """The psychologist and who acts. `beside` is what else the page of one's own hours shows."""

    psychologist: Psychologist
    actor: Actor
    is_own: bool
    beside: Callable[[datetime], Mapping[str, object]] = _nothing

    @property
    def url(self) -> str:
        """The page itself."""
        return self._url("hours")

    @property
    def add_url(self) -> str:
        """Where a dated exception is added."""
        return self._url("add_exception")

    @property
    def decide_url(self) -> str:
        """Where whoever acts decides about what can't be held as it is booked: of this psychologist's, all of it."""
        return address("psychologist") if self.is_own else address("reception", of=self.psychologist)

    def remove_url(self, code: UUID) -> str:
        """Where one is taken back."""
        return self._url("remove_exception", code)

    def _url(self, name: str, *more: UUID) -> str:
        if self.is_own:
            return reverse(f"psychologist:{name}", args=more)
        return reverse(f"reception:{name}", args=[self.psychologist.slug, *more])

    def says(self, own: str, other: str) -> str:
        """One of two sentences: to the psychologist, or about `%(name)s` to the desk."""
        return own if self.is_own else other % {"name": self.psychologist.name}

    # ---- What is theirs, as far as whoever acts may see it -----------------------------------------------------------

    def weekly(self) -> list[WorkingHours]:
        """Their weekly hours, at places out of use too, in order. One query."""
        return weekly_hours_of(self.actor, self.psychologist.pk)

    def slots(self) -> TimeSlotQuerySet:
        """The exceptions to them."""
        return TimeSlot.objects.visible_to(self.actor).filter(psychologist=self.psychologist)

    def sessions(self) -> AppointmentQuerySet:
        """The sessions with them."""
        return Appointment.objects.visible_to(self.actor).filter(psychologist=self.psychologist)

    def undecided(self) -> list[Appointment]:
        """The sessions with them that can't be held as they are booked, and that nobody decided about: what
        `decide_url` lists. Two queries."""
        waiting = undecided_sessions(self.actor).filter(psychologist=self.psychologist)
        return with_clinic(waiting.for_lists())

    def has_to_decide(self, *, now: datetime) -> bool:
        """Whether `decide_url` lists anything of theirs: of what is asked for, too."""
        asked_for = self.sessions().requests().filter(ends_at__gt=now)
        return bool(self.undecided() or requests_in_the_way(asked_for))

    def left(self, hours: list[WorkingHours], *, now: datetime, without: TimeSlot | None = None) -> list[Left]:
        """The sessions to come that stand in time away or outside these hours: see `outside_hours`."""
        return outside_hours(self.actor, psychologist=self.psychologist.pk, hours=hours, now=now, without=without)
