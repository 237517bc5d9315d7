"""Keeping a held time for longer, while somebody pays ahead for it."""

from __future__ import annotations

from datetime import datetime

from portal.appointments.actions.locking import lock_appointment, lock_diary
from portal.appointments.actions.transactions import in_transaction
from portal.appointments.models import Appointment
from portal.appointments.refusals import HoldExpired


@in_transaction
def keep_held(*, hold: Appointment, until: datetime, now: datetime, may_be_over: bool = False) -> Appointment:
    """Keeps a held time until a moment, if it is not kept so long already. Raises HoldExpired where it is gone.

    `may_be_over`: its time may have run out, as long as nobody else took it: while its row stands, nobody has.
    """
    lock_diary(hold.psychologist_id)
    held = lock_appointment(hold)
    if held is None or not held.is_hold or not (may_be_over or held.is_held(now=now)):
        raise HoldExpired
    if held.held_until is not None and held.held_until < until:
        Appointment.objects.filter(pk=held.pk).update(held_until=until)
        held.held_until = until
    return held
