"""What somebody is likely to book: the desk's page begins with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from portal.appointments.models import Appointment
from portal.clinic.models import Psychologist, Service
from portal.common.access.actors import Actor
from portal.journeys import profiles
from portal.patients.models import Patient


class Usual(NamedTuple):
    """A service, with whom it was last and how; nobody and no way for who was never here, or where it changed."""

    service: Service
    psychologist: Psychologist | None = None
    mode: str = ""


def usual(patient: Patient, *, services: Sequence[Service], by: Actor) -> Usual:
    """What this patient is likely to book of some services: who is new a first visit, anybody else what they had last,
    with whom and how; a first visit, and what is offered no more, is followed by another service of the same person.
    """
    last = (
        Appointment.objects.visible_to(by)
        .filter(patient=patient)
        .with_a_person()
        .select_related("service", "psychologist")
        .order_by("-starts_at")
        .first()
    )
    if last is None:
        return Usual(next((service for service in services if service.first_visit_only), services[0]))
    again = last.service
    if again.first_visit_only or again not in services:
        following = [s for s in profiles.services_of(last.psychologist, services) if not s.first_visit_only]
        # Of those, one that is as long.
        again = min(following, key=lambda service: service.minutes != last.service.minutes, default=again)
    mode = last.mode if last.mode in last.psychologist.modes_for(again) else ""
    return Usual(again, last.psychologist, mode)
