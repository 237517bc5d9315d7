"""A session's time on the clock by which its patient lives, where that differs from the place's."""

from __future__ import annotations

from django import template
from django.http import HttpRequest
from django.template.context import Context

from portal.appointments.models import Appointment
from portal.common.languages.times import on_own_clock
from portal.journeys import clocks

register = template.Library()


@register.simple_tag(takes_context=True)
def own_clock(context: Context, session: Appointment) -> str:
    """`8:00 am (Brisbane time)`, by the clock at the patient's address; of a held time, by the one it was chosen by."""
    word = ""
    if session.patient_id is None and isinstance(request := context.get("request"), HttpRequest):
        word = clocks.read(request.session.get(clocks.CHOSEN, ""))
    return on_own_clock(session.starts_at, session.zone, clocks.in_force(word, session.patient))
