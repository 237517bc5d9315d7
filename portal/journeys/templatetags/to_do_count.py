"""How much work waits, for the side bar of the desk's pages."""

from __future__ import annotations

from django import template
from django.template import Context
from django.utils import timezone

from portal.journeys.to_do.kinds import OF_STRANDED_NAMES
from portal.worklist.models import MANAGER, PSYCHOLOGIST, RECEPTION, ToDo

register = template.Library()


@register.simple_tag(takes_context=True)
def to_do_count(context: Context, room: str) -> int:
    """How many lines the list of a room has, for whoever acts. One query, of the index of what is open."""
    request = context.get("request")
    actor = getattr(request, "actor", None)
    if actor is None:
        return 0
    waiting = ToDo.objects.visible_to(actor).still_open()
    if room == RECEPTION:
        waiting = waiting.at_the_desk()
    elif room == MANAGER:
        waiting = waiting.with_the_manager(now=context.get("now") or timezone.now())
    elif room != PSYCHOLOGIST:
        return 0
    return waiting.once_of(*OF_STRANDED_NAMES).count()
