"""Booking by somebody who has been here: what is for new people only is said to them early, with what is for them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db.models import OuterRef, Subquery

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.appointments import diary, eligibility
from portal.appointments.models import Appointment
from portal.clinic import kept
from portal.clinic.models import ClinicSettings, Psychologist, Service
from portal.common.access.actors import Actor
from portal.journeys import profiles
from portal.patients.models import Patient

# How many other services a page names, and looks for at the held time.
NAMED = 3


def has_been_here(user: User, *, now: datetime) -> bool:
    """Whether everybody whom this account books for has been here; of nobody, no. One query."""
    own = eligibility.standings_of(Patient.objects.managed_by(user), now=now)
    return bool(own) and all(each.was_here for each in own.values())


def first_visits_ahead(user: User, *, now: datetime) -> list[Appointment]:
    """The first visits that an account's people have booked, or asked for, the next first. One query."""
    own = Appointment.objects.visible_to(Actor(user=user, role=Role.PATIENT)).ahead(now=now)
    return list(own.filter(service__first_visit_only=True).select_related("patient", "location").order_by("starts_at"))


def taking_bookings(service: Service, *, user: User | None) -> list[Psychologist]:
    """Who can be booked online for a service by this account, or by a visitor: who takes new patients, and who does not
    but sees its people already.

    `rules.check_patient` says so for the one patient when it is booked. Asks only where somebody's books are closed.
    """
    giving = kept.giving(service)
    closed = [person.pk for person in giving if not person.accepting_patients]
    if user is None or not closed:
        return [person for person in giving if person.accepting_patients]
    theirs = Appointment.objects.with_a_person().filter(
        patient__in=Patient.objects.managed_by(user), psychologist__in=closed
    )
    own = set(theirs.order_by().values_list("psychologist", flat=True))
    return [person for person in giving if person.accepting_patients or person.pk in own]


def own_psychologist(user: User, *, among: Collection[Psychologist]) -> Psychologist | None:
    """Whom an account's people see, if they take bookings: theirs of the latest session that stands.

    None where two of them see two: a page can't know for whom it is asked.
    """
    latest = (
        Appointment.objects.with_a_person()
        .filter(patient=OuterRef("pk"))
        .order_by("-starts_at")
        .values("psychologist")[:1]
    )
    known = Patient.objects.managed_by(user).order_by().values_list(Subquery(latest), flat=True)
    seen = {pk for pk in known if pk is not None}
    return next((each for each in among if {each.pk} == seen), None)


def services_for(psychologists: Collection[Psychologist], *, mode: str = "") -> list[Service]:
    """What people who have been here book online with any of these, in the way asked for."""
    offered = [service for service in kept.services_online() if not service.first_visit_only]
    return [each for each in offered if any(profiles.services_of(p, [each], mode=mode) for p in psychologists)]


def services_instead(held: Appointment, *, now: datetime, clinic: ClinicSettings) -> Sequence[tuple[Service, bool]]:
    """What somebody who has been here books in place of the first visit they hold; True where its time fits too."""
    person, day = held.psychologist, held.location.day_of(held.starts_at)
    found = []
    for service in services_for([person], mode=held.mode)[:NAMED]:
        openings = diary.openings_of(
            [person], service=service, first_day=day, days=1, now=now, clinic=clinic, mode=held.mode, ignore=held
        )[person.pk]
        fits = any((each.starts_at, each.location_id) == (held.starts_at, held.location_id) for each in openings)
        found.append((service, fits))
    return found
