"""The held time, for the layouts: whoever looks further while they hold one keeps it in sight, with the way back."""

from __future__ import annotations

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.template.context import Context
from django.utils import timezone

from portal.appointments.models import Appointment
from portal.journeys import held

register = template.Library()


@register.simple_tag(takes_context=True)
def held_time(context: Context) -> Appointment | None:
    """What this visitor holds now. Readers who bring no session are asked nothing: their pages are kept for all."""
    request = context.get("request")
    if not isinstance(request, HttpRequest) or settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    session = getattr(request, "session", None)
    return None if session is None else held.time_held(session, now=timezone.now())
