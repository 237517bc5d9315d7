"""Where a patient comes in: the next session, and what else there is to do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.accounts.roles import Role
from portal.appointments.listing import with_clinic
from portal.appointments.models import Appointment
from portal.billing.held_money import held_money
from portal.billing.online.client import is_on
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.access.decorators import ActorRequest, allow
from portal.common.database.compiled import compiled
from portal.journeys import better_access, changing
from portal.medicare.for_patients import so_far_in_words
from portal.patients.models import Patient
from portal.records.models import Measure
from portal.resources.models import Share
from portal.web.patient.lists import owed
from portal.web.patient.views import privacy

# Of the sessions to come, and of what was asked for.
SHOWN = 4
# A carer of more sees them on their own pages.
MOST_PEOPLE = 6


@allow(Role.PATIENT)
@require_safe
def home(request: ActorRequest) -> HttpResponse:
    """The next session, and what else there is to do."""
    now, clinic = timezone.now(), ClinicSettings.current()
    upcoming = with_clinic(_next_sessions(request.user.pk, request.actor.role, now=now))
    people = _themself_first(request.user.pk)
    known = len(people)
    context = {
        "next": upcoming[0] if upcoming else None,
        "terms": changing.terms_of(upcoming[0], now=now, clinic=clinic) if upcoming else None,
        "deadline": changing.deadline_of(upcoming[0], now=now, clinic=clinic) if upcoming else None,
        "requests": changing.with_deadlines(
            with_clinic(_asked_for(request.user.pk, request.actor.role)), now=now, clinic=clinic
        ),
        "later": changing.with_deadlines(upcoming[1:], now=now, clinic=clinic),
        "several": known > 1,
        "unknown": not known,
        "to_fill_in": Measure.objects.visible_to(request.actor, now=now).waiting(now=now).count(),
        "new_files": Share.objects.visible_to(request.actor, now=now).unseen().count(),
        "asking": privacy.asking(request, today=clinic.today(now), patients=people),
        "to_pay": owed(request.actor, today=clinic.today(now)),
        "online": is_on(),
        "held": held_money(people, now=now) if people else None,
        "rebates": _rebates(people, now=now, clinic=clinic),
    }
    return render(request, "patient/home.html", context)


# Whoever opens the portal sees this page, so the SQL of what it always asks is built once.


@compiled
def _next_sessions(account: int, role: str, *, now: datetime) -> QuerySet[Appointment]:
    return Appointment.objects.visible_to(Actor.known_by(account, role)).for_lists().upcoming(now=now)[:SHOWN]


@compiled
def _asked_for(account: int, role: str) -> QuerySet[Appointment]:
    return Appointment.objects.visible_to(Actor.known_by(account, role)).for_lists().requests()[:SHOWN]


@compiled
def _themself_first(account: int) -> QuerySet[Patient]:
    user = Actor.known_by(account, Role.PATIENT).person
    return Patient.objects.managed_by(user).themself_first(user)


def _rebates(people: Sequence[Patient], *, now: datetime, clinic: ClinicSettings) -> list[tuple[Patient, list[str]]]:
    """What each of those in their care has used of a referral and of the year, in sentences."""
    shown = people[:MOST_PEOPLE]
    year, found = clinic.today(now).year, better_access.ledgers([person.pk for person in shown], now=now)
    said = [(person, so_far_in_words(found[person.pk], year)) for person in shown]
    return [(person, lines) for person, lines in said if lines]
