"""How many conversations have something new, for the menu of a patient's pages."""

from __future__ import annotations

from django import template
from django.template import Context
from django.utils import timezone

from portal.accounts.roles import Role
from portal.messaging.models import Thread

register = template.Library()


@register.simple_tag(takes_context=True)
def unread_messages(context: Context) -> int:
    """The number for whoever acts as a patient: one query, by the indexes of the people whose pages they open."""
    actor = getattr(context.get("request"), "actor", None)
    if actor is None or actor.role != Role.PATIENT:
        return 0
    threads = Thread.objects.visible_to(actor, now=context.get("now") or timezone.now())
    return threads.new_to(actor.person).count()
