"""The calendar of everybody: a day with a psychologist a column, a week, a month or an agenda."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.accounts.roles import Role
from portal.clinic import kept
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.web.calendars import pages
from portal.web.calendars.asked import DAY
from portal.web.calendars.audience import Audience

DESK = Audience("reception", session="appointment", usual=DAY)


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def calendar(request: ActorRequest) -> HttpResponse:
    """A day by `?day=`, or by `?view=` what is around it. `?all=1` shows those too who don't work then.

    Who is not bookable any more has a column on the days that still have a session of theirs.
    """
    people = list(kept.psychologists().values())
    return pages.calendar(request, DESK, people, zone=ClinicSettings.current().zone, now=timezone.now())
