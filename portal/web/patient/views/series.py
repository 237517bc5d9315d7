"""Several sessions of one series in a patient's pages: repeated, moved or called off together."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from portal.accounts.roles import Role
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.once import once
from portal.web.patient.series import PATIENTS
from portal.web.series import cancelling, moving, repeating


@allow(Role.PATIENT)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def repeat(request: ActorRequest, code: UUID) -> HttpResponse:
    """Books more sessions like this one, as many as may be booked online, all or none."""
    return repeating.repeat(request, PATIENTS, code)


@allow(Role.PATIENT)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: ActorRequest, code: UUID) -> HttpResponse:
    """Calls off what is ticked of what is to come of the series, each for what the page says that it costs."""
    return cancelling.cancel(request, PATIENTS, code)


@allow(Role.PATIENT)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: ActorRequest, code: UUID) -> HttpResponse:
    """Moves this session and those after it, or all, that may be moved online."""
    return moving.move(request, PATIENTS, code)
