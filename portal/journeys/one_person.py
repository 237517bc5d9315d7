"""Two records turn out to be one person's: who signed in for one opens the other, and what was under way goes along.

Sessions and their money stay where they are, with what was agreed for them: records are not merged, and the desk is
told what it books again (docs/sign-in.md).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from portal.accounts.models import User
from portal.appointments import actions
from portal.appointments.models import WaitlistEntry
from portal.common.access.actors import Actor
from portal.journeys.to_do import people
from portal.journeys.to_do.kinds import OFFER_UNREACHED
from portal.journeys.waitlist import answering
from portal.patients.models import Patient
from portal.patients.signing_in import Reader
from portal.worklist import actions as worklist
from portal.worklist.models import ToDo


class Ended(NamedTuple):
    """A service for which somebody waits no longer, and why."""

    service: str
    why: WaitlistEntry.Ended


class Opened(NamedTuple):
    """Who opens the other record now and did not before, and which waiting ended with it."""

    readers: list[Reader]
    ended: list[Ended]


@actions.in_transaction
def open_the_other(
    *, patient: Patient, other: Patient, checked: Collection[User], bills: bool, by: Actor, now: datetime
) -> Opened:
    """Opens `other` to whoever signs in for `patient`, and takes along what is alive: waiting, its offers, the work.

    Otherwise it would go on where nobody sees it any more. Raises what `signing_in.move_account` raises.
    """
    readers = people.open_the_other(patient=patient, other=other, checked=checked, bills=bills, by=by, now=now)
    ended = []
    for entry in WaitlistEntry.objects.waiting().filter(patient=patient).select_related("service").order_by("pk"):
        # An open offer hangs on the entry, and ends with it.
        if why := actions.hand_over(entry=entry, to=other, by=by, now=now):
            answering.leave(entry=entry, why=why, by=by, now=now)
            ended.append(Ended(entry.service.name, why))
    for to_do in ToDo.objects.still_open().of_kind(OFFER_UNREACHED.name).about(patient):
        worklist.turn_to(to_do, about=other)
    return Opened(readers, ended)
