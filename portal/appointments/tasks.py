"""What the queue runs for the diary."""

from __future__ import annotations

from django.utils import timezone
from django_q.tasks import async_task

from portal.appointments import actions
from portal.appointments.actions import outside, subscribing
from portal.appointments.models import OutsideCalendar
from portal.common.access.actors import Actor


def clear_holds() -> int:
    """Each minute: gives back the times whose holds ran out, and says how many. May run twice at the same time."""
    return actions.clear_run_out_holds(by=Actor.system("holds"), now=timezone.now())


def end_lapsed_feeds() -> int:
    """Each hour: ends the calendar addresses whose person may see those sessions no longer, and says how many."""
    return subscribing.end_lapsed_feeds(by=Actor.system("calendar_feeds"), now=timezone.now())


def read_outside_calendars() -> int:
    """Each minute: has every outside calendar read whose turn has come, each in a task of its own; says how many."""
    due = list(OutsideCalendar.objects.due(timezone.now()).order_by("next_try_at").values_list("pk", flat=True)[:50])
    for pk in due:
        async_task("portal.appointments.tasks.read_outside_calendar", pk)
    return len(due)


def read_outside_calendar(pk: int) -> str:
    """Reads one outside calendar if its turn has come, and says how that went. May run twice at the same time."""
    return outside.read_calendar(pk, now=timezone.now())
