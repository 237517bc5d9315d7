"""A session by video, on the psychologist's side: who waits, where they are, letting them in."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.common.access.decorators import ActorRequest, allow
from portal.video import actions
from portal.video.models import Side
from portal.web.meeting import pages


def _own(request: ActorRequest, code: UUID) -> Appointment:
    rows = Appointment.objects.visible_to(request.actor).without_holds().for_listing()
    return get_object_or_404(rows, code=code)


@allow(Role.PSYCHOLOGIST)
@require_safe
def room(request: ActorRequest, code: UUID) -> HttpResponse:
    return pages.draw(
        request, "psychologist/video.html", _own(request, code), {}, side=Side.PSYCHOLOGIST, now=timezone.now()
    )


@allow(Role.PSYCHOLOGIST)
@require_POST
def admit(request: ActorRequest, code: UUID) -> HttpResponse:
    """Lets in who waits; pressed twice it has let them in."""
    try:
        if not actions.admit(_own(request, code), by=request.actor, now=timezone.now()):
            messages.info(request, _("Nobody waits just now."))
    except actions.NotOpen:
        messages.info(request, _("The room is not open."))
    return redirect("psychologist:video", code)


@allow(Role.PSYCHOLOGIST)
@require_safe
def state(request: ActorRequest, code: UUID) -> HttpResponse:
    """How it stands, for the page's script."""
    why, found = pages.how_it_stands(_own(request, code), now=timezone.now())
    return JsonResponse(
        {
            "why": why.value,
            "waits": bool(found and found.waiting_since),
            "admitted": bool(found and found.admitted_at),
            "whereabouts": (found.whereabouts or "") if found else "",
        }
    )


@allow(Role.PSYCHOLOGIST)
@require_POST
def key(request: ActorRequest, code: UUID) -> HttpResponse:
    return pages.hand_out_key(_own(request, code), by=request.actor, now=timezone.now())


@allow(Role.PSYCHOLOGIST)
@require_POST
def here(request: ActorRequest, code: UUID) -> HttpResponse:
    return pages.note_presence(request, _own(request, code), by=request.actor, now=timezone.now())
