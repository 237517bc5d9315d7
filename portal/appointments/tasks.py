"""What the queue runs for the diary."""

from __future__ import annotations

from django.utils import timezone

from portal.appointments import actions
from portal.appointments.actions import subscribing
from portal.common.access.actors import Actor


def clear_holds() -> int:
    """Each minute: gives back the times whose holds ran out, and says how many. May run twice at the same time."""
    return actions.clear_run_out_holds(by=Actor.system("holds"), now=timezone.now())


def end_lapsed_feeds() -> int:
    """Each hour: ends the calendar addresses whose person may see those sessions no longer, and says how many."""
    return subscribing.end_lapsed_feeds(by=Actor.system("calendar_feeds"), now=timezone.now())
