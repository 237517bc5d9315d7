"""What happens on the waitlist when a time becomes free: it is written down, and the worker takes its turn."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django_q.tasks import async_task

from portal.appointments.actions import offering
from portal.appointments.freed import FreedTime, OpenedHours
from portal.appointments.models import Vacancy
from portal.appointments.states import Because
from portal.common.access.actors import Actor


def offer_on(freed: FreedTime, by: Actor, now: datetime) -> None:
    """Hangs on freed time (`journeys.freed`): what was cancelled, or moved away, is offered to those who wait.

    A hold that is given back or runs out was free before it was held: nobody waited for that.
    """
    if freed.because in {Because.CANCELLED, Because.MOVED}:
        vacancy = offering.open_vacancy(freed, by=by, now=now)
        if vacancy is not None:
            turn_soon(vacancy)


def offer_hours(opened: OpenedHours, by: Actor, now: datetime) -> None:
    """Hangs on hours that open: they are offered in their turn once they have stood for a while (`turns.SETTLES`).

    Nobody is written to about leave that is taken back by mistake and added again, so the worker isn't called at once.
    """
    offering.open_hours(opened, by=by, now=now)


def turn_soon(vacancy: Vacancy) -> None:
    """Asks the worker to take the time's turn at once; if the queue is away, the round each minute does it."""

    def enqueue() -> None:
        # In a transaction of its own: outside of one, the queue's broker closes and opens a connection for each task.
        with transaction.atomic():
            async_task("portal.journeys.waitlist.tasks.take_turn", vacancy.pk)

    transaction.on_commit(enqueue, robust=True)
