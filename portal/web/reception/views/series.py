"""Several sessions of one series at the desk: booked, moved or called off together."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from portal.accounts.roles import Role
from portal.clinic import kept
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.once import once
from portal.web.calendars import series
from portal.web.reception.views.calendar import DESK


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def repeat(request: ActorRequest, code: UUID) -> HttpResponse:
    """Books more sessions like this one, all or none."""
    return series.repeat(request, DESK, code)


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: ActorRequest, code: UUID) -> HttpResponse:
    """Calls off what is ticked of what is to come of the series."""
    return series.cancel(request, DESK, code)


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: ActorRequest, code: UUID) -> HttpResponse:
    """Moves this session and those after it, or all, with whomever they are held from now on."""
    return series.move(request, DESK, [p for p in kept.psychologists().values() if p.is_active], code)
