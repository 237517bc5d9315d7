"""Taking back a move of a moment ago."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from portal.appointments.actions.booking import reschedule
from portal.appointments.actions.transactions import in_transaction
from portal.appointments.models import Appointment
from portal.appointments.states import AskAbove, as_seen, nothing_known
from portal.clinic.models import Location, Psychologist
from portal.common.access.actors import Actor


class Was(NamedTuple):
    """Where a session stood before it was moved, and the word that its page knows it by since (`states.as_seen`)."""

    starts_at: datetime
    psychologist: int
    location: int
    mode: str
    room: int | None
    confirmed_at: datetime | None
    seen: str

    @classmethod
    def of(cls, before: Appointment, *, moved: Appointment) -> Was:
        """Where `before` stood, of what is `moved` by now."""
        return cls(
            before.starts_at,
            before.psychologist_id,
            before.location_id,
            before.mode,
            before.room_id,
            before.confirmed_at,
            as_seen(moved),
        )


@in_transaction
def take_back_move(
    *, appointment: Appointment, was: Was, by: Actor, now: datetime, known: AskAbove = nothing_known
) -> Appointment:
    """Moves a session back to where it was, and what its patient had said yes to is confirmed again.

    Nothing is done with a session that was changed since. Raises what `reschedule` raises: the old time may be taken.
    """
    back = reschedule(
        appointment=appointment,
        starts_at=was.starts_at,
        psychologist=Psychologist.objects.get(pk=was.psychologist),
        location=Location.objects.get(pk=was.location),
        mode=was.mode,
        room=was.room,
        by=by,
        now=now,
        # It was agreed, also where nobody offers it.
        outside_hours=True,
        known=known,
        seen=was.seen,
    )
    if was.confirmed_at is not None and back.confirmed_at is None:
        back.confirmed_at = was.confirmed_at
        back.save(update_fields=["confirmed_at"])
    return back
