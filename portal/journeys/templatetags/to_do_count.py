"""How much work waits, and how much of it are messages, for the side bar of the desk's pages."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django import template
from django.db.models import Count, Q, QuerySet, Value
from django.template import Context
from django.utils import timezone

from portal.common.database.compiled import compiled
from portal.journeys.to_do.kinds import OF_MESSAGES, OF_STRANDED_NAMES
from portal.worklist.models import MANAGER, PSYCHOLOGIST, RECEPTION, ToDo, ToDoQuerySet

register = template.Library()

_MESSAGES = Q(kind__in=[kind.name for kind in OF_MESSAGES])


class Waiting(NamedTuple):
    """How many lines the list of a room has, and how many of them are messages."""

    lines: int = 0
    messages: int = 0


def _counted(waiting: ToDoQuerySet) -> QuerySet[ToDo, tuple[int, int]]:
    one = waiting.once_of(*OF_STRANDED_NAMES).order_by().annotate(all=Value(1)).values("all")
    return one.annotate(n=Count("*"), m=Count("pk", filter=_MESSAGES)).values_list("n", "m")


@compiled
def _in_the_room(room: str, now: datetime) -> QuerySet[ToDo, tuple[int, int]]:
    """The numbers alone, of the desk's list or the manager's: they stand on each of their pages."""
    waiting = ToDo.objects.still_open()
    return _counted(waiting.at_the_desk() if room == RECEPTION else waiting.with_the_manager(now=now))


@register.simple_tag(takes_context=True)
def to_do_count(context: Context, room: str) -> Waiting:
    """What waits in a room, for whoever acts. One query, of the index of what is open."""
    request = context.get("request")
    actor = getattr(request, "actor", None)
    if actor is None:
        return Waiting()
    if room in (RECEPTION, MANAGER) and actor.role in (room, MANAGER):
        # All that waits there is theirs to see.
        found = list(_in_the_room(room, context.get("now") or timezone.now()))
    elif room == PSYCHOLOGIST:
        found = list(_counted(ToDo.objects.visible_to(actor).still_open()))
    else:
        return Waiting()
    return Waiting(*found[0]) if found else Waiting()
