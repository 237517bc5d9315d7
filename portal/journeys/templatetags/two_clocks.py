"""A session's time on the clock by which its patient lives, where that differs from the place's."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.http import HttpRequest
from django.template.context import Context

from portal.appointments.models import Appointment
from portal.clinic.models import Mode
from portal.common.languages import times
from portal.common.languages.punctuation import comma
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


@register.filter
def when_on_both(moment: datetime, session: Appointment) -> str:
    """`Tuesday 24 November 2026, 9:00 am`; by video or phone also by the patient's clock, if it differs."""
    return _with_own(times.when_there(moment, session.zone), moment, session) or times.when(moment, session.zone)


@register.filter
def when_short_on_both(moment: datetime, session: Appointment) -> str:
    """`Tue 24 Nov, 9:00 am`, and the same: `Tue 24 Nov, 9:00 am (Melbourne time), 6:00 am (Perth time)`."""
    short = times.when_short_there(moment, session.zone)
    return _with_own(short, moment, session) or times.when_short(moment, session.zone)


def _with_own(there: str, moment: datetime, session: Appointment) -> str:
    """Both clocks; nothing where one will do. Whoever comes in person reads the clock of the place."""
    if session.mode == Mode.IN_PERSON or not moment:
        return ""
    own = on_own_clock(moment, session.zone, clocks.in_force("", session.patient))
    return f"{there}{comma()}{own}" if own else ""
