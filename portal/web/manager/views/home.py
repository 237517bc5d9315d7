"""Where a manager's day begins."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.web.manager import attention
from portal.web.manager.tables import TrailTable
from portal.web.manager.to_do import ROOM
from portal.web.manager.trail_entries import with_names
from portal.web.to_do.pages import on_a_home_page

LINES = 8


@allow(Role.MANAGER)
@require_safe
def home(request: ActorRequest) -> HttpResponse:
    clinic, now = ClinicSettings.current(), timezone.now()
    zone = clinic.zone
    entries = list(Entry.objects.visible_to(request.actor).newest_first()[:LINES])
    named = with_names(entries, zone=zone)
    context = {
        "clinic": clinic,
        # What needs a look stands on the page itself.
        "to_do": on_a_home_page(request, replace(ROOM, leads=lambda _actor, _now: ()), now=now),
        "points": attention.points(clinic=clinic, by=request.actor, now=now),
        "stats": attention.figures(now=now),
        "table": TrailTable(entries, zone=zone, named=named, exclude=("facts",), orderable=False),
    }
    return render(request, "manager/home.html", context)
