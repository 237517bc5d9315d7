"""Several sessions of one series at the desk: booked, moved or called off together."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from portal.accounts.roles import Role
from portal.clinic import kept
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.once import once
from portal.web.calendars.series import Staff
from portal.web.reception.views.calendar import DESK
from portal.web.series import cancelling, moving, repeating


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def repeat(request: ActorRequest, code: UUID) -> HttpResponse:
    """Books more sessions like this one, all or none."""
    return repeating.repeat(request, Staff(DESK), code)


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: ActorRequest, code: UUID) -> HttpResponse:
    """Calls off what is ticked of what is to come of the series."""
    return cancelling.cancel(request, Staff(DESK), code)


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: ActorRequest, code: UUID) -> HttpResponse:
    """Moves this session and those after it, or all, with whomever they are held from now on."""
    people = [each for each in kept.psychologists().values() if each.is_active]
    return moving.move(request, Staff(DESK, people), code)
