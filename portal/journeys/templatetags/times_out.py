"""Times that a patient was mailed to choose from, for the pages on which somebody may decide about the session."""

from __future__ import annotations

from django import template
from django.utils import timezone

from portal.appointments.models import Appointment, MoveOffer

register = template.Library()


@register.simple_tag
def times_out(session: Appointment) -> MoveOffer | None:
    """The offer from which the session's patient can still choose, or None. One query; none of what is past."""
    return MoveOffer.objects.out_for([session], now=timezone.now()).get(session.pk)
