"""How much work waits, for the side bar of the desk's pages."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.db.models import Count, QuerySet, Value
from django.template import Context
from django.utils import timezone

from portal.common.database.compiled import compiled
from portal.journeys.to_do.kinds import OF_STRANDED_NAMES
from portal.worklist.models import MANAGER, PSYCHOLOGIST, RECEPTION, ToDo

register = template.Library()


@compiled
def _in_the_room(room: str, now: datetime) -> QuerySet[ToDo, int]:
    """The number alone, of the desk's list or the manager's: it stands on each of their pages."""
    waiting = ToDo.objects.still_open()
    waiting = waiting.at_the_desk() if room == RECEPTION else waiting.with_the_manager(now=now)
    one = waiting.once_of(*OF_STRANDED_NAMES).order_by().annotate(all=Value(1)).values("all")
    return one.annotate(n=Count("*")).values_list("n", flat=True)


@register.simple_tag(takes_context=True)
def to_do_count(context: Context, room: str) -> int:
    """How many lines the list of a room has, for whoever acts. One query, of the index of what is open."""
    request = context.get("request")
    actor = getattr(request, "actor", None)
    if actor is None:
        return 0
    if room in (RECEPTION, MANAGER) and actor.role in (room, MANAGER):
        # All that waits there is theirs to see.
        return sum(_in_the_room(room, context.get("now") or timezone.now()))
    if room != PSYCHOLOGIST:
        return 0
    return ToDo.objects.visible_to(actor).still_open().once_of(*OF_STRANDED_NAMES).count()
