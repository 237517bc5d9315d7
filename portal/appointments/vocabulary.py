"""The words of a session's life: its states and what each counts as, the steps, and why one is refused or freed time.

`portal.appointments.states` says which step may be taken when; everybody takes these from there.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    """Where a session is in its life; `MOVES` says what may follow."""

    HELD = "held", _("Held")
    REQUESTED = "requested", _("Requested")
    BOOKED = "booked", _("Booked")
    ARRIVED = "arrived", _("Arrived")
    COMPLETED = "completed", _("Completed")
    NO_SHOW = "no_show", _("No-show")
    CANCELLED = "cancelled", _("Cancelled")
    DECLINED = "declined", _("Not confirmed")


# ---- What a state counts as -----------------------------------------------------------------------------------------

# What the database keeps from overlapping. The words stand in migrations too: constraints and triggers name them.
LIVE: Final = (Status.HELD, Status.REQUESTED, Status.BOOKED, Status.ARRIVED)
# What fills its time in a diary; a hold only until it runs out.
TAKING_TIME: Final = (*LIVE, Status.COMPLETED)
# Still to be held, or held and not settled: somebody has to do something about it.
OPEN: Final = (Status.BOOKED, Status.ARRIVED)
# What somebody has ahead of them: booked, or asked for and not answered yet.
AHEAD: Final = (Status.REQUESTED, *OPEN)
# At the clinic, and not with the psychologist yet as far as anybody said.
WAITING: Final = (Status.ARRIVED,)
# The patient was there.
SEEN: Final = (Status.ARRIVED, Status.COMPLETED)
# Held, and somebody said so.
ATTENDED: Final = (Status.COMPLETED,)
# Neither called off nor missed: it takes place, or took place. This is what is written up and counted as work.
STANDING: Final = (Status.BOOKED, Status.ARRIVED, Status.COMPLETED)
# What may be checked out: what is to be completed now, and what was completed and not billed yet.
BILLABLE: Final = STANDING
# Agreed with a person and not called off. Who has such a session with somebody is on that psychologist's list.
WITH_A_PERSON: Final = (*STANDING, Status.NO_SHOW)
# Nothing more is to come of it, unless it is undone.
OVER: Final = (Status.COMPLETED, Status.NO_SHOW, Status.CANCELLED, Status.DECLINED)


class UndoReason(models.TextChoices):
    """Why a step is taken back, in words that say nothing of anybody's health: the trail keeps no other."""

    MISTAKE = "mistake", _("Pressed by mistake")
    OTHER_SESSION = "other_session", _("It was another patient's session")
    CAME = "came", _("The patient came after all")
    LEFT = "left", _("The patient left before the session")
    CORRECTION = "correction", _("Something about the session has to be corrected")


class Verb(StrEnum):
    """What can be done with a session that is there."""

    CONFIRM = "confirm"
    REQUEST = "request"
    APPROVE = "approve"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"
    RELEASE = "release"
    CHECK_IN = "check_in"
    UNDO_CHECK_IN = "undo_check_in"
    COMPLETE = "complete"
    CHECK_OUT = "check_out"
    REOPEN = "reopen"
    NO_SHOW = "no_show"
    UNDO_NO_SHOW = "undo_no_show"
    MOVE = "move"
    CANCEL = "cancel"


class Why(StrEnum):
    """Why a step is not allowed, as one word; pages and the desk turn it into a sentence."""

    ROLE = "role"
    STATE = "state"
    DAY_TO_COME = "day_to_come"
    DAY_PAST = "day_past"
    NOT_STARTED = "not_started"
    STARTED = "started"
    LATE = "late"
    RAN_OUT = "ran_out"
    NOT_DUE = "not_due"
    INVOICED = "invoiced"
    NOTE_SIGNED = "note_signed"
    # Only an action finds these: the page that asked is old, and the reason that belongs to it was not given.
    CHANGED = "changed"
    NO_REASON = "no_reason"


class Because(StrEnum):
    """Why time in a diary is free again."""

    CANCELLED = "cancelled"
    MOVED = "moved"
    MISSED = "missed"
    DECLINED = "declined"
    RELEASED = "released"
    RAN_OUT = "ran_out"
