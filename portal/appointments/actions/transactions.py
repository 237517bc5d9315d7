"""One transaction an action, and what the database says when two meet in it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import IntegrityError, OperationalError, connection, transaction

from portal.appointments.refusals import HeldByNote, HoursOverlap, PatientBusy, Refusal, SlotTaken

P = ParamSpec("P")
R = TypeVar("R")

TRIES = 5
# SQLSTATEs of a transaction that lost to another and may simply begin again: serialization failure, deadlock.
_BEGIN_AGAIN = {"40001", "40P01"}
# The constraints and triggers of portal/appointments/guards.py, by name.
_REFUSALS: dict[str, Callable[[], Refusal]] = {
    "appointment_psychologist_no_overlap": lambda: SlotTaken("psychologist"),
    "appointment_patient_no_overlap": lambda: PatientBusy("patient"),
    "appointment_room_no_overlap": lambda: SlotTaken("room"),
    "hours_no_overlap": lambda: HoursOverlap("hours"),
    # Of migration records.0002_guards, a floor up: each begins its message with its name.
    "appointment_with_": lambda: HeldByNote(HeldByNote.WORD),
}


def in_transaction(action: Callable[P, R]) -> Callable[P, R]:
    """Runs an action in one transaction; what the no-overlap rules refuse is raised as our own refusal.

    A deadlock is tried again, up to five times, if the transaction is the action's own. Inside a caller's transaction
    it can't be: the caller's work is lost with it. So the outermost function of a journey that books wears this too.
    Locks taken in one order make deadlocks all but impossible; this is for the day that somebody forgets.

    An action that another one calls shares its transaction, without a savepoint: what it refuses undoes both. Who wants
    to go on after a refusal opens a `transaction.atomic()` around the try.
    """

    @wraps(action)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        tries = 1 if connection.in_atomic_block else TRIES
        for attempt in range(1, tries + 1):
            try:
                with _ActionsOwn(using=None, savepoint=not _is_called_by_an_action(), durable=False):
                    return action(*args, **kwargs)
            except IntegrityError as error:
                if refusal := refusal_of(error):
                    raise refusal from error
                raise
            except OperationalError as error:
                if attempt == tries or getattr(error.__cause__, "sqlstate", None) not in _BEGIN_AGAIN:
                    raise
                time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - so that two losers part
        raise AssertionError("unreachable")

    return run


class _ActionsOwn(transaction.Atomic):
    """The block that an action opens for itself; told apart from those that others open to go on after an error."""


def _is_called_by_an_action() -> bool:
    blocks = connection.atomic_blocks
    return bool(blocks) and isinstance(blocks[-1], _ActionsOwn)


def refusal_of(error: IntegrityError) -> Refusal | None:
    """The refusal that a broken no-overlap rule stands for, or None if the error is of another kind."""
    said = str(error)
    return next((refusal() for name, refusal in _REFUSALS.items() if name in said), None)
