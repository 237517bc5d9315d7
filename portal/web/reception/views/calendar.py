"""The calendar of everybody: a day with a psychologist a column, a week, a month or an agenda."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.roles import Role
from portal.clinic import kept
from portal.clinic.models import ClinicSettings, Psychologist
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.once import once
from portal.web.calendars import booking, medicare, moving, pages, repeating, sheets, undoing
from portal.web.calendars.asked import DAY
from portal.web.calendars.audience import Audience

DESK = Audience(
    "reception", session="appointment", times="reschedule", usual=DAY, asides=medicare.asides, traces=medicare.traces
)


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def calendar(request: ActorRequest) -> HttpResponse:
    """A day by `?day=`, or by `?view=` what is around it. `?all=1` shows those too who don't work then.

    Who is not bookable any more has a column on the days that still have a session of theirs.
    """
    return pages.calendar(request, DESK, _everybody(), zone=ClinicSettings.current().zone, now=timezone.now())


def _everybody() -> Sequence[Psychologist]:
    return list(kept.psychologists().values())


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def book_whom(request: ActorRequest) -> HttpResponse:
    """Whom an empty half hour is for; what is sent is only looked for."""
    return booking.whom(request, DESK, _everybody())


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def book_here(request: ActorRequest, code: UUID) -> HttpResponse:
    """Books an empty half hour for this patient."""
    return booking.here(request, DESK, _everybody(), code)


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def book_series(request: ActorRequest, code: UUID) -> HttpResponse:
    """Books several sessions for this patient, from a time that was chosen on."""
    return repeating.book(request, DESK, _everybody(), code)


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: ActorRequest, code: UUID) -> HttpResponse:
    """Moves a session in the calendar."""
    people = [person for person in _everybody() if not person.has_left]
    return moving.move(request, DESK, people, code, zone=ClinicSettings.current().zone)


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def undo_move(request: ActorRequest, code: UUID) -> HttpResponse:
    """Takes a move of a moment ago back."""
    return undoing.undo(request, DESK, code)


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def day_sheet(request: ActorRequest) -> HttpResponse:
    """The day on paper, with phone numbers: of everybody, or of one by `?psychologist=`."""
    return sheets.sheet(request, _everybody(), zone=ClinicSettings.current().zone)


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def downtime_sheet(request: ActorRequest) -> HttpResponse:
    """Tomorrow on paper, to be worked with when the portal can't be reached."""
    return sheets.sheet(request, _everybody(), zone=ClinicSettings.current().zone, is_for_downtime=True)
