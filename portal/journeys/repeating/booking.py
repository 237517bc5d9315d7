"""Booking a series, with one notice that lists its sessions and brings a calendar entry for each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from portal.appointments import actions
from portal.appointments.actions.clashes import Terms
from portal.appointments.actions.repeating import Wish
from portal.appointments.models import Appointment
from portal.appointments.recurrence import Pattern
from portal.common.access.actors import Actor
from portal.journeys.repeating.telling import BOOKED, notify


@actions.in_transaction
def book_series(
    *,
    terms: Terms,
    pattern: Pattern,
    wishes: Sequence[Wish],
    first: Appointment | None = None,
    by: Actor,
    now: datetime,
) -> list[Appointment]:
    """Books all of them and sends one confirmation. Raises SeriesTaken, NotOffered or TooManyBookings."""
    booked = actions.book_series(terms=terms, pattern=pattern, wishes=wishes, first=first, by=by, now=now)
    # Of the one that was there already they have been told.
    notify(booked if first is None else booked[1:], BOOKED, now=now)
    return booked
