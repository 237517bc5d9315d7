"""What both sides' pages of a room do: draw it, say how it stands, hand out the key, note who is there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from portal.appointments import joining
from portal.appointments.models import Appointment
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.video import actions, entering, providers
from portal.video.entering import Why
from portal.video.models import Room, Side

CAMERA = "camera=(self), microphone=(self), display-capture=(self), geolocation=(), payment=(), usb=()"


def draw(
    request: HttpRequest,
    template: str,
    session: Appointment,
    context: dict[str, Any],
    *,
    side: Side,
    now: datetime,
    status: int = 200,
) -> HttpResponse:
    """The page of a room; on it alone a browser may use the camera, and speak to the provider."""
    provider = providers.current()
    why, stands, clinic = *how_it_stands(session, now=now), ClinicSettings.current()
    response = render(
        request,
        template,
        {
            "session": session,
            "why": why.value,
            "opens_at": entering.opens_at(session),
            "stands": stands,
            "may_enter": not why and (side == Side.PSYCHOLOGIST or bool(stands and stands.admitted_at)),
            "provider": provider.name if provider else "",
            "stand_in": provider.lines[0] if provider and provider.name == "stand-in" else "",
            "ring_us": joining.phone_of(session, clinic),
            **context,
        },
        status=status,
    )
    response["Permissions-Policy"] = CAMERA
    if provider:
        # As django-csp's decorator `csp_update` does, with what the settings say when the page is drawn.
        vars(response)["_csp_update"] = {"connect-src": list(provider.lines), "media-src": ["mediastream:"]}
    return response


def how_it_stands(session: Appointment, *, now: datetime) -> tuple[Why, Room | None]:
    return entering.why_not(session, now=now), actions.room_as_it_stands(session)


def hand_out_key(session: Appointment, *, by: Actor, now: datetime) -> HttpResponse:
    """A token for this room, this person and this time, or why there is none. Not in a transaction: Twilio is asked."""
    provider = providers.current()
    try:
        key = actions.key_for(session, by=by, now=now)
    except actions.NotOpen as refusal:
        return JsonResponse({"why": refusal.why.value}, status=409)
    except (actions.NotLetIn, actions.NotTheirs):
        return JsonResponse({"why": "not_let_in"}, status=403)
    if provider is None:
        return JsonResponse({"why": Why.OFF.value}, status=409)
    try:
        provider.make_ready(key.room)
    except providers.NotReady:
        return JsonResponse({"why": "provider"}, status=502)
    token = provider.token(room=key.room, identity=key.identity, until=key.until, now=now)
    return JsonResponse({"token": token, "room": key.room})


def note_presence(request: HttpRequest, session: Appointment, *, by: Actor, now: datetime) -> HttpResponse:
    """Each half minute, and as somebody leaves. A browser that closes sends its goodbye without waiting."""
    try:
        if _is_goodbye(request):
            actions.leave(session, by=by, now=now)
        else:
            actions.is_here(session, by=by, now=now)
    except actions.NotOpen as refusal:
        return JsonResponse({"why": refusal.why.value}, status=409)
    except actions.NotTheirs:
        return JsonResponse({"why": "not_let_in"}, status=403)
    return JsonResponse({})


def _is_goodbye(request: HttpRequest) -> bool:
    return request.POST.get("left") == "yes"
