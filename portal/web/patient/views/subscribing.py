"""The private addresses at which a calendar program reads one's sessions, or those of somebody in one's care."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.roles import Role
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.once import once
from portal.patients.models import Patient
from portal.web.subscribing import pages

ROOM = pages.Room(
    "patient:calendar_addresses",
    neutral=_("“Appointment” and where, and nothing else"),
    named=_("With the names of the psychologist and the clinic"),
    gives_away=_(
        "With names, whoever sees the calendar reads that it is about a psychologist: family, colleagues, an employer "
        "who manages the phone, and the company that keeps the calendar."
    ),
)


@allow(Role.PATIENT)
@require_safe
def calendar_addresses(request: ActorRequest) -> HttpResponse:
    """One for each of the account's people, of whom nobody is shown at another's address."""
    own = Patient.objects.visible_to(request.actor).themself_first(request.user)
    return render(request, "patient/calendar_addresses.html", {"lines": pages.lines(request, ROOM, own)})


@allow(Role.PATIENT)
@once
@require_POST
def make_calendar_address(request: ActorRequest, code: UUID) -> HttpResponse:
    return pages.make(request, _patient(request, code), room=ROOM)


@allow(Role.PATIENT)
@require_POST
def title_calendar_address(request: ActorRequest, code: UUID) -> HttpResponse:
    return pages.retitle(request, _patient(request, code), room=ROOM)


@allow(Role.PATIENT)
@require_POST
def end_calendar_address(request: ActorRequest, code: UUID) -> HttpResponse:
    return pages.end(request, _patient(request, code), room=ROOM)


def _patient(request: ActorRequest, code: UUID) -> Patient:
    return get_object_or_404(Patient.objects.visible_to(request.actor), code=code)
