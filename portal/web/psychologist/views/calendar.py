"""The week."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import allow
from portal.common.languages.times import local_day
from portal.common.web.htmx import page_or_fragment
from portal.web.psychologist.forms import WeekChoice
from portal.web.psychologist.own_profile import PsychologistRequest, home_zone, with_profile
from portal.web.psychologist.weeks import grid, hours_of, monday_of, read_week


@allow(Role.PSYCHOLOGIST)
@with_profile
@require_safe
def calendar(request: PsychologistRequest) -> HttpResponse:
    """One week, by `?week=` any day of it; on a phone a list of days."""
    now, hours = timezone.now(), hours_of(request.actor)
    zone = home_zone(hours, clinic=ClinicSettings.current())
    this_monday = monday_of(local_day(now, zone))
    chosen = WeekChoice.read(request.GET)
    week = read_week(
        request.actor, monday=monday_of(chosen) if chosen else this_monday, hours=hours, zone=zone, now=now
    )
    context = {
        "week": week,
        "grid": grid(week, zone=zone, now=now),
        "this_monday": this_monday,
        "zone": zone,
        "now": now,
        "has_hours": bool(hours),
    }
    return page_or_fragment(request, "psychologist/calendar.html", context, fragment="week")
