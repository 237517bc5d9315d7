"""One's own calendar: a week, a day, a month or an agenda."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.roles import Role
from portal.appointments.calendars import Booked
from portal.clinic import kept
from portal.clinic.models import ClinicSettings, Psychologist
from portal.common.access.decorators import allow
from portal.common.web.once import once
from portal.records.session_notes import states_of_notes
from portal.web.calendars import booking, medicare, moving, pages, repeating, sheets, undoing
from portal.web.calendars.asked import WEEK
from portal.web.calendars.audience import Audience
from portal.web.hours.worked import home_zone
from portal.web.psychologist.own_profile import PsychologistRequest, with_profile
from portal.web.psychologist.weeks import hours_of


def _beside(sessions: Sequence[Booked], now: datetime) -> Mapping[UUID, str]:
    """Of sessions that have a note, by their codes, whether it is signed; and where each stands with Medicare."""
    states = states_of_notes([session.code for session in sessions])
    notes = {code: _("note signed") if is_signed else _("note begun") for code, is_signed in states.items()}
    counts = medicare.asides(sessions, now)
    return {code: " · ".join(filter(None, (notes.get(code), counts.get(code)))) for code in {*notes, *counts}}


def _traces(sessions: Sequence[Booked], now: datetime) -> object:
    notes = states_of_notes([session.code for session in sessions])
    return sorted(notes.items()), medicare.traces(sessions, now)


OWN = Audience("psychologist", session="note", ahead="session", usual=WEEK, of_one=True, asides=_beside, traces=_traces)


@allow(Role.PSYCHOLOGIST)
@with_profile
@require_safe
def calendar(request: PsychologistRequest) -> HttpResponse:
    """One's own week, by `?day=` or `?week=` any day of it; by `?view=` a day, a month or an agenda."""
    hours = hours_of(request.actor)
    zone = home_zone(hours, clinic=ClinicSettings.current())
    return pages.calendar(request, OWN, _only(request), zone=zone, now=timezone.now(), has_hours=bool(hours))


def _only(request: PsychologistRequest) -> Sequence[Psychologist]:
    return [kept.psychologists()[request.psychologist.pk]]


@allow(Role.PSYCHOLOGIST)
@with_profile
@require_http_methods(["GET", "HEAD", "POST"])
def book_whom(request: PsychologistRequest) -> HttpResponse:
    """Which of one's own patients an empty half hour is for; what is sent is only looked for."""
    return booking.whom(request, OWN, _only(request))


@allow(Role.PSYCHOLOGIST)
@with_profile
@once
@require_http_methods(["GET", "HEAD", "POST"])
def book_here(request: PsychologistRequest, code: UUID) -> HttpResponse:
    """Books an empty half hour of one's own for a patient in one's care."""
    return booking.here(request, OWN, _only(request), code)


@allow(Role.PSYCHOLOGIST)
@with_profile
@once
@require_http_methods(["GET", "HEAD", "POST"])
def book_series(request: PsychologistRequest, code: UUID) -> HttpResponse:
    """Books several sessions of one's own for a patient in one's care, from a time that was chosen on."""
    return repeating.book(request, OWN, _only(request), code)


@allow(Role.PSYCHOLOGIST)
@with_profile
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: PsychologistRequest, code: UUID) -> HttpResponse:
    """Moves a session of one's own in one's own calendar."""
    zone = home_zone(hours_of(request.actor), clinic=ClinicSettings.current())
    return moving.move(request, OWN, _only(request), code, zone=zone)


@allow(Role.PSYCHOLOGIST)
@with_profile
@require_POST
def undo_move(request: PsychologistRequest, code: UUID) -> HttpResponse:
    """Takes a move of a moment ago back."""
    return undoing.undo(request, OWN, code)


@allow(Role.PSYCHOLOGIST)
@with_profile
@require_safe
def day_sheet(request: PsychologistRequest) -> HttpResponse:
    """One's own day on paper, with phone numbers."""
    return sheets.sheet(
        request, _only(request), zone=home_zone(hours_of(request.actor), clinic=ClinicSettings.current())
    )


@allow(Role.PSYCHOLOGIST)
@with_profile
@require_safe
def downtime_sheet(request: PsychologistRequest) -> HttpResponse:
    """One's own tomorrow on paper."""
    zone = home_zone(hours_of(request.actor), clinic=ClinicSettings.current())
    return sheets.sheet(request, _only(request), zone=zone, is_for_downtime=True)
