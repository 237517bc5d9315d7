"""Booking a series, with one notice that lists its sessions and brings a calendar entry for each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from portal.appointments import actions
from portal.appointments.actions import rules
from portal.appointments.actions.clashes import Terms
from portal.appointments.actions.locking import lock_diary
from portal.appointments.actions.repeating import Wish
from portal.appointments.models import Appointment
from portal.appointments.recurrence import Pattern
from portal.appointments.refusals import NotOffered
from portal.common.access.actors import Actor
from portal.journeys import to_do
from portal.journeys.repeating.telling import BOOKED, notify
from portal.patients import consents
from portal.policies.models import PolicyVersion


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


@actions.in_transaction
def book_held_series(
    *,
    hold: Appointment,
    terms: Terms,
    pattern: Pattern,
    wishes: Sequence[Wish],
    agreed: Sequence[PolicyVersion] = (),
    by: Actor,
    now: datetime,
) -> list[Appointment]:
    """Books a held time and what follows it, all or none, with one confirmation of them all.

    `agreed` are the policies that were agreed to with it. Raises HoldExpired, SeriesTaken, NotOffered, SlotTaken or
    TooManyBookings; NotOffered too where such sessions are asked for, one at a time.
    """
    # All locks in the one order before the held row: those that follow may need a room of the place.
    lock_diary(
        terms.psychologist,
        patient=terms.patient,
        rooms_of=terms.location if rules.takes_room(terms.service, terms.mode) else None,
    )
    first = actions.confirm_hold(hold=hold, patient=terms.patient, by=by, now=now)
    if first.is_request:
        raise NotOffered("on_request")
    # Their psychologist may have taken leave while the time was held.
    to_do.sessions.raise_stranded([first], by=by, now=now)
    consents.agree(patient=terms.patient, versions=agreed, by=by, now=now)
    booked = actions.book_series(terms=terms, pattern=pattern, wishes=wishes, first=first, by=by, now=now)
    notify(booked, BOOKED, now=now)
    return booked
