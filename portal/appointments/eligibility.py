"""Who may book a service online: the one rule that bookings, requests, the waitlist and the pages before them ask.

Somebody has been here once a session of theirs was held: they were checked in, or it is over and was neither called
off nor missed. Until then they are new, and what is for first visits alone is open to them, one at a time. So nobody is
locked out: whoever has a first visit ahead may move it, and whoever missed it, or called it off, books another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from django.db.models import BooleanField, ExpressionWrapper, Q

from portal.appointments import states
from portal.appointments.refusals import TooManyBookings
from portal.appointments.states import Status
from portal.clinic import kept
from portal.clinic.booking_rules import rules_of
from portal.clinic.models import ClinicSettings, Service, WhoBooks
from portal.patients.models import Patient, PatientQuerySet

# NotOffered's words: it is for new people, and they are not new, or have their first visit ahead.
FIRST_VISIT_ONLY: Final = "first_visit_only"
FIRST_VISIT_AHEAD: Final = "first_visit_ahead"


class Standing(NamedTuple):
    """What the rules of who may book ask of a patient."""

    # The psychologists, by id, whose patient they are: a session was agreed with them and not called off.
    seen: frozenset[int] = frozenset()
    # A session of theirs was held.
    was_here: bool = False
    # The services, by id, of which a first visit is booked, or asked for, and not over.
    first_visits: frozenset[int] = frozenset()
    is_approved: bool = False


# Of somebody who has no record yet.
NEW: Final = Standing()


def standings_of(patients: PatientQuerySet, *, now: datetime) -> dict[int, Standing]:
    """Of each of these patients, by their ids, as their records are now. One query, with few rows for each."""
    over = ExpressionWrapper(Q(appointments__ends_at__lte=now), output_field=BooleanField())
    columns = ("pk", "approved_at", "appointments__psychologist", "appointments__service", "appointments__status")
    rows = patients.order_by().annotate(is_over=over).values_list(*columns, "is_over").distinct()
    first_visits = {pk for pk, service in kept.services().items() if service.first_visit_only}
    seen: defaultdict[int, set[int]] = defaultdict(set)
    approved: dict[int, bool] = {}
    here: set[int] = set()
    ahead: defaultdict[int, set[int]] = defaultdict(set)
    for patient, approved_at, psychologist, service, status, is_over in rows:
        approved[patient] = approved_at is not None
        if status in states.WITH_A_PERSON:
            seen[patient].add(psychologist)
        if status in states.SEEN or (status == Status.BOOKED and is_over):
            here.add(patient)
        if status in states.AHEAD and not is_over and service in first_visits:
            ahead[patient].add(service)
    return {pk: Standing(frozenset(seen[pk]), pk in here, frozenset(ahead[pk]), yes) for pk, yes in approved.items()}


def standings(patients: Collection[Patient], *, now: datetime) -> dict[int, Standing]:
    """The same of patients that were read already."""
    return standings_of(Patient.objects.filter(pk__in=[each.pk for each in patients]), now=now)


def is_asked(service: Service, *, clinic: ClinicSettings) -> bool:
    """Whether it is not for everybody."""
    service = kept.services().get(service.pk, service)
    return service.first_visit_only or rules_of(service, clinic=clinic).who != WhoBooks.ANYONE


def why_not(service: Service, standing: Standing, *, clinic: ClinicSettings) -> str:
    """Why the rules of booking online keep a service from somebody, as NotOffered says it; empty where they do not."""
    service = kept.services().get(service.pk, service)
    if service.first_visit_only and standing.was_here:
        return FIRST_VISIT_ONLY
    if service.first_visit_only and standing.first_visits:
        return FIRST_VISIT_AHEAD
    who = rules_of(service, clinic=clinic).who
    if who == WhoBooks.ANYONE or standing.is_approved or (who == WhoBooks.KNOWN and standing.was_here):
        return ""
    return f"{who}_only"


def why_no_more(ahead: Sequence[int], service: Service, *, clinic: ClinicSettings) -> TooManyBookings | None:
    """Why somebody can't book one more session online whose sessions ahead are of these services, by their ids."""
    in_force = rules_of(kept.services().get(service.pk, service), clinic=clinic)
    if len(ahead) >= in_force.most_sessions:
        return TooManyBookings()
    if in_force.most_of_service is not None and ahead.count(service.pk) >= in_force.most_of_service:
        return TooManyBookings("service")
    return None


def why_not_wait(service: Service, standing: Standing, *, clinic: ClinicSettings) -> str:
    """The same of waiting for a time: a first visit that is booked can come earlier, and is moved there."""
    elsewhere = standing.first_visits - {service.pk}
    return why_not(service, standing._replace(first_visits=elsewhere), clinic=clinic)
