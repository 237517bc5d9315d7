"""When a psychologist works, by themself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts.roles import Role
from portal.common.access.decorators import allow
from portal.common.web.once import once
from portal.web.hours import pages
from portal.web.hours.whose import Whose
from portal.web.psychologist import outside
from portal.web.psychologist.own_profile import PsychologistRequest, with_profile


@allow(Role.PSYCHOLOGIST)
@with_profile
@require_http_methods(["GET", "HEAD", "POST"])
def hours(request: PsychologistRequest) -> HttpResponse:
    """Shows the week and its exceptions; a POST makes the week anew."""
    return pages.hours(request, _own(request))


@allow(Role.PSYCHOLOGIST)
@once
@with_profile
@require_POST
def add_exception(request: PsychologistRequest) -> HttpResponse:
    """Adds time away, or extra hours."""
    return pages.add_exception(request, _own(request))


@allow(Role.PSYCHOLOGIST)
@with_profile
@require_POST
def remove_exception(request: PsychologistRequest, code: UUID) -> HttpResponse:
    """Takes an exception back."""
    return pages.remove_exception(request, _own(request), code)


def _own(request: PsychologistRequest) -> Whose:
    def beside(now: datetime) -> Mapping[str, object]:
        return {"outside_calendars": outside.lines(request.actor, now=now)}

    return Whose(request.psychologist, request.actor, is_own=True, beside=beside)
