"""Joining the waitlist online, for somebody known or for somebody who is registered with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from portal.accounts.models import User
from portal.appointments import actions
from portal.appointments.actions import WaitlistWish
from portal.appointments.models import WaitlistEntry
from portal.clinic.models import Service
from portal.common.access.actors import Actor
from portal.journeys import newcomers
from portal.patients import consents
from portal.patients.models import Patient
from portal.policies.models import PolicyVersion


@actions.in_transaction
def join(
    *,
    patient: Patient,
    service: Service,
    wish: WaitlistWish,
    agreed: Sequence[PolicyVersion] = (),
    by: Actor,
    now: datetime,
) -> WaitlistEntry:
    """Puts a patient on the waitlist; `agreed` are the policies agreed to with it.

    Raises AlreadyWaiting or NotOffered.
    """
    entry = actions.join_waitlist(patient=patient, service=service, wish=wish, by=by, now=now)
    consents.agree(patient=patient, versions=agreed, by=by, now=now)
    return entry


@actions.in_transaction
def join_first(
    *,
    user: User,
    values: Mapping[str, Any],
    relationship: str | None,
    service: Service,
    wish: WaitlistWish,
    agreed: Sequence[PolicyVersion] = (),
    by: Actor,
    now: datetime,
) -> WaitlistEntry:
    """Puts somebody new on the waitlist: the account's own person, or with a `relationship` somebody they care for.

    The record and the place in the queue are made together, or neither. Raises UserHasRecord, and what `join` raises.
    """
    patient = newcomers.register(user=user, values=values, relationship=relationship, by=by, now=now)
    return join(patient=patient, service=service, wish=wish, agreed=agreed, by=by, now=now)
