"""The private address at which a calendar program reads one's diary."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.roles import Role
from portal.common.access.decorators import allow
from portal.common.web.once import once
from portal.web.psychologist.own_profile import PsychologistRequest, with_profile
from portal.web.subscribing import pages

ROOM = pages.Room(
    "psychologist:calendar_address",
    neutral=_("“Session” and where, without names"),
    named=_("The patient's first name and the first letter of their last name"),
    gives_away=_(
        "With names, whoever sees your calendar reads who your patients are, and so does the company that keeps it, "
        "often overseas. Choose it only where the clinic has agreed to that company."
    ),
)


@allow(Role.PSYCHOLOGIST)
@with_profile
@require_safe
def calendar_address(request: PsychologistRequest) -> HttpResponse:
    return render(request, "psychologist/calendar_address.html", {"lines": pages.lines(request, ROOM, [None])})


@allow(Role.PSYCHOLOGIST)
@once
@with_profile
@require_POST
def make_calendar_address(request: PsychologistRequest) -> HttpResponse:
    return pages.make(request, None, room=ROOM)


@allow(Role.PSYCHOLOGIST)
@with_profile
@require_POST
def title_calendar_address(request: PsychologistRequest) -> HttpResponse:
    return pages.retitle(request, None, room=ROOM)


@allow(Role.PSYCHOLOGIST)
@with_profile
@require_POST
def end_calendar_address(request: PsychologistRequest) -> HttpResponse:
    return pages.end(request, None, room=ROOM)
