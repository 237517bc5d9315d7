"""Calling off several sessions of one series: each by its own terms, all of them or none, with one notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.functional import cached_property

from portal.appointments import actions
from portal.appointments.actions.locking import lock_diary
from portal.appointments.models import Appointment, CancelReason
from portal.appointments.series_forms import Which
from portal.appointments.states import Because, Verb, Why
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.money import ZERO
from portal.journeys import booking, changing, freed, sessions, to_do
from portal.journeys.repeating.telling import CANCELLED, notify


@dataclass
class Choice:
    """One session of the series on the page that calls several off."""

    session: Appointment
    # Why it can't be called off; None if it can.
    why: Why | None
    # What a patient who calls it off now may be asked for, in dollars with GST.
    fee: Decimal
    is_chosen: bool
    # Until when it is free; None where it is not to be changed.
    deadline: changing.Deadline | None

    @cached_property
    def value(self) -> str:
        """What the form sends back: the session, how the page saw it, and the fee that it said."""
        return f"{self.session.code} {self.session.seen_as} {self.fee}"


def choices(session: Appointment, *, which: Which, by: Actor, now: datetime, clinic: ClinicSettings) -> list[Choice]:
    """The sessions of the series that are still to come, in order, each with whether and at what cost it goes.

    With `Which.ALL` every one is meant. With `Which.FOLLOWING` those before this one stay unless somebody ticks them,
    and those that were moved alone, but not one that was booked with the series at another time.
    """
    own = Appointment.objects.visible_to(by).filter(series=session.series_id, ends_at__gt=now).without_cancelled()
    listed = list(own.for_listing().order_by("starts_at"))
    steps = sessions.steps_of(listed, by=by, now=now)
    found = []
    for each in listed:
        why = steps[each.pk][Verb.CANCEL].why
        is_meant = which == Which.ALL or each.starts_at >= session.starts_at
        found.append(
            Choice(
                session=each,
                why=why,
                fee=booking.cancelling_costs(each, now=now, clinic=clinic) if why is None else ZERO,
                is_chosen=why is None
                and is_meant
                and (which == Which.ALL or each.pk == session.pk or not _left_alone(each)),
                deadline=changing.deadline_of(each, now=now, clinic=clinic) if why is None else None,
            )
        )
    return found


def _left_alone(each: Appointment) -> bool:
    return each.is_moved_alone and not each.is_placed_apart


@actions.in_transaction
def cancel_sessions(
    chosen: Sequence[tuple[Appointment, str]], *, reason: str, by: Actor, now: datetime
) -> list[Appointment]:
    """Calls each off as the page saw it (`states.as_seen`) and sends one notice about those that were not already.

    Each is late by its own terms. Raises NotCancellable, and then none is called off.
    """
    if not chosen:
        return []
    # All locks in the one order before the first row.
    first = chosen[0][0]
    lock_diary(*{session.psychologist_id for session, _seen in chosen}, patient=first.patient_id)
    # Once for all of them: each that is called off would take itself out of what was not sent yet.
    freed.withdraw_series_notices([session for session, _seen in chosen], why=Because.CANCELLED, by=by, now=now)
    cancelled = []
    for session, seen in sorted(chosen, key=lambda each: each[0].pk):
        gone = actions.cancel(appointment=session, reason=reason, by=by, now=now, known=sessions.known, seen=seen)
        if gone.cancelled_at == now:
            cancelled.append(gone)
    cancelled.sort(key=lambda each: each.starts_at)
    # Who can't come said so themselves.
    if not notify(cancelled, CANCELLED, now=now) and reason != CancelReason.PATIENT:
        to_do.untold.raise_untold(cancelled, by=by, now=now)
    return cancelled
