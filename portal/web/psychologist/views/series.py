"""Several sessions of one series with one's own patient: booked, moved or called off together."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from portal.accounts.roles import Role
from portal.clinic import kept
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.once import once
from portal.web.calendars.series import Staff
from portal.web.psychologist.own_profile import PsychologistRequest, with_profile
from portal.web.psychologist.views.calendar import OWN
from portal.web.series import cancelling, moving, repeating


@allow(Role.PSYCHOLOGIST)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def repeat(request: ActorRequest, code: UUID) -> HttpResponse:
    """Books more sessions like this one, all or none."""
    return repeating.repeat(request, Staff(OWN), code)


@allow(Role.PSYCHOLOGIST)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: ActorRequest, code: UUID) -> HttpResponse:
    """Calls off what is ticked of what is to come of the series."""
    return cancelling.cancel(request, Staff(OWN), code)


@allow(Role.PSYCHOLOGIST)
@with_profile
@once
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: PsychologistRequest, code: UUID) -> HttpResponse:
    """Moves this session and those after it, or all, in one's own diary."""
    return moving.move(request, Staff(OWN, [kept.psychologists()[request.psychologist.pk]]), code)
