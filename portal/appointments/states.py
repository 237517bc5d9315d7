"""A session's states: what each counts as, what may become of it, when, and who may do that.

This is the only place that knows. Pages draw their buttons from `steps`, actions ask `why_not` for the same answer
under lock, and whoever looks for sessions takes a set from here or a queryset method that does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.accounts.roles import STAFF, Role
from portal.appointments.step_rules import (
    NOTHING_KNOWN,
    AskAbove,
    Asked,
    Known,
    Rule,
    before_it_starts,
    not_before_it_starts,
    not_invoiced,
    nothing_known,
    on_its_own_day,
    once_unanswered,
    own_day,
    patients_before_it_starts,
    patients_in_good_time,
    while_asked,
    while_held,
    without_signed_note,
)
from portal.appointments.vocabulary import (
    AHEAD,
    ATTENDED,
    BILLABLE,
    LIVE,
    OPEN,
    OVER,
    SEEN,
    STANDING,
    TAKING_TIME,
    WAITING,
    WITH_A_PERSON,
    Because,
    Status,
    UndoReason,
    Verb,
    Why,
)
from portal.common.access.actors import SYSTEM, Actor

if TYPE_CHECKING:
    from portal.appointments.models import Appointment


# The words of `vocabulary` are asked for here, with what is said of them.
__all__ = [
    "AHEAD",
    "ATTENDED",
    "BILLABLE",
    "DESK",
    "EVERYBODY",
    "LIVE",
    "MOVES",
    "NOTHING_KNOWN",
    "OPEN",
    "OVER",
    "SEEN",
    "SOON",
    "STANDING",
    "TAKING_TIME",
    "UNDOS",
    "WAITING",
    "WITH_A_PERSON",
    "AskAbove",
    "Asked",
    "Because",
    "Known",
    "Move",
    "Rule",
    "Status",
    "Step",
    "Steps",
    "UndoReason",
    "Verb",
    "Why",
    "as_seen",
    "is_due",
    "is_expected",
    "is_late",
    "is_left_open",
    "is_to_come",
    "label_of",
    "leads_to",
    "minutes_waiting",
    "nothing_known",
    "own_day",
    "steps",
    "told_by_the_clock",
    "why_not",
]


# From here on somebody who is booked may walk in any moment.
SOON: Final = timedelta(minutes=45)


def label_of(status: str) -> str:
    """What people call a state, in the language in use."""
    return str(Status(status).label)


def is_late(session: Appointment, *, now: datetime) -> bool:
    """Says whether it has started and the patient was not checked in."""
    return session.status == Status.BOOKED and session.starts_at < now


def is_due(session: Appointment, *, now: datetime) -> bool:
    """Says whether the patient may walk in any moment."""
    return session.status == Status.BOOKED and session.starts_at < now + SOON


def is_expected(session: Appointment, *, now: datetime, before: datetime) -> bool:
    """Says whether it is to start from `now` on and before another moment, with nobody here yet."""
    return session.status == Status.BOOKED and now <= session.starts_at < before


def is_to_come(session: Appointment, *, now: datetime) -> bool:
    """Says whether it is not over: it is still to start, or runs."""
    return session.status in OPEN and session.ends_at > now


def is_left_open(session: Appointment, *, now: datetime) -> bool:
    """Says whether it is over by the clock, and nobody said how it went."""
    return session.status in OPEN and session.ends_at <= now


def minutes_waiting(session: Appointment, *, now: datetime) -> int | None:
    """How long the patient has waited, in whole minutes; None if nobody waits."""
    if session.status != Status.ARRIVED or session.arrived_at is None:
        return None
    return max(0, int((now - session.arrived_at).total_seconds() // 60))


def told_by_the_clock(*, starts_at: int, ends_at: int, now: datetime, ahead: timedelta) -> int:
    """All that time alone changes on a session's own day while nobody waits: equal answers, equal buttons and words.

    Moments are seconds since 1970; `ahead` is how long before its start a page begins to count it.
    """
    marks = (starts_at - ahead.total_seconds(), starts_at - SOON.total_seconds(), starts_at, ends_at)
    return sum((now.timestamp() >= mark) + (now.timestamp() > mark) for mark in marks)


# ---- What may become of it ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Move:
    """One line of the table: from which states to which, when, who may, and what undoes it."""

    verb: Verb
    label: Promise
    frm: tuple[Status, ...]
    # Where it may lead; of two, the action says which. None: the row goes.
    to: tuple[Status, ...]
    # None: whoever holds its address, as a visitor does who has no account yet.
    who: frozenset[str] | None
    rules: tuple[Rule, ...] = ()
    undo: Verb | None = None
    # Why it may be taken back, for the steps that take something back.
    reasons: tuple[UndoReason, ...] = ()
    # Why its time is anybody's again afterwards; None if it is not.
    frees: Because | None = None


DESK: Final = frozenset({Role.RECEPTION, Role.MANAGER})
EVERYBODY: Final = STAFF | {Role.PATIENT}

MOVES: Final[Mapping[str, Move]] = {
    move.verb: move
    for move in (
        Move(Verb.CONFIRM, _("Book"), (Status.HELD,), (Status.BOOKED,), None, (while_held,)),
        # The same press, where the service is booked on request.
        Move(Verb.REQUEST, _("Request"), (Status.HELD,), (Status.REQUESTED,), None, (while_held,)),
        Move(
            Verb.APPROVE,
            _("Confirm request"),
            (Status.REQUESTED,),
            (Status.BOOKED,),
            STAFF,
            (before_it_starts, while_asked),
        ),
        Move(Verb.DECLINE, _("Decline"), (Status.REQUESTED,), (Status.DECLINED,), STAFF, frees=Because.DECLINED),
        Move(
            Verb.WITHDRAW,
            _("Withdraw the request"),
            (Status.REQUESTED,),
            (Status.DECLINED,),
            frozenset({Role.PATIENT}),
            frees=Because.DECLINED,
        ),
        # By the clock: nobody answered in time.
        Move(
            Verb.LAPSE,
            _("End the request"),
            (Status.REQUESTED,),
            (Status.DECLINED,),
            frozenset({SYSTEM}),
            (once_unanswered,),
            frees=Because.DECLINED,
        ),
        Move(Verb.RELEASE, _("Release"), (Status.HELD,), (), None, frees=Because.RELEASED),
        Move(
            Verb.CHECK_IN,
            _("Check in"),
            (Status.BOOKED,),
            (Status.ARRIVED,),
            DESK,
            (on_its_own_day,),
            undo=Verb.UNDO_CHECK_IN,
        ),
        Move(
            Verb.UNDO_CHECK_IN,
            _("Undo check-in"),
            (Status.ARRIVED,),
            (Status.BOOKED,),
            DESK,
            reasons=(UndoReason.OTHER_SESSION, UndoReason.MISTAKE, UndoReason.LEFT),
        ),
        Move(
            Verb.COMPLETE,
            _("Complete"),
            OPEN,
            (Status.COMPLETED,),
            STAFF,
            (not_before_it_starts,),
            undo=Verb.REOPEN,
        ),
        Move(
            Verb.CHECK_OUT,
            _("Check out"),
            BILLABLE,
            (Status.COMPLETED,),
            DESK,
            (not_before_it_starts, not_invoiced),
            undo=Verb.REOPEN,
        ),
        # To what it was before: somebody who was checked in is still here.
        Move(
            Verb.REOPEN,
            _("Reopen session"),
            (Status.COMPLETED,),
            (Status.ARRIVED, Status.BOOKED),
            DESK,
            (not_invoiced, without_signed_note),
            reasons=(UndoReason.MISTAKE, UndoReason.OTHER_SESSION, UndoReason.CORRECTION),
        ),
        Move(
            Verb.NO_SHOW,
            _("Mark as no-show"),
            (Status.BOOKED,),
            (Status.NO_SHOW,),
            STAFF,
            (not_before_it_starts, without_signed_note),
            undo=Verb.UNDO_NO_SHOW,
            frees=Because.MISSED,
        ),
        # Also with a signed note: who wrote one may know that the patient came.
        Move(
            Verb.UNDO_NO_SHOW,
            _("Undo no-show"),
            (Status.NO_SHOW,),
            (Status.BOOKED,),
            DESK,
            (not_invoiced,),
            reasons=(UndoReason.CAME, UndoReason.OTHER_SESSION, UndoReason.MISTAKE),
        ),
        # Undone by moving it back, if the time is still free.
        Move(
            Verb.MOVE,
            _("Move"),
            (Status.BOOKED,),
            (Status.BOOKED,),
            EVERYBODY,
            (patients_before_it_starts, patients_in_good_time, without_signed_note),
            frees=Because.MOVED,
        ),
        # Not undone: the patient was told, and the time may be somebody else's. It is booked again.
        Move(
            Verb.CANCEL,
            _("Cancel session"),
            OPEN,
            (Status.CANCELLED,),
            EVERYBODY,
            (patients_before_it_starts, without_signed_note),
            frees=Because.CANCELLED,
        ),
    )
}


UNDOS: Final = tuple(dict.fromkeys(move.undo for move in MOVES.values() if move.undo))


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that may be done with a session now, or why it may not."""

    verb: Verb
    why: Why | None

    @property
    def label(self) -> Promise:
        """The words on its button."""
        return MOVES[self.verb].label

    @property
    def allowed(self) -> bool:
        """Whether it may be taken now; else `why` says why not."""
        return self.why is None


def why_not(session: Appointment, verb: Verb, *, by: Actor, now: datetime, known: Known = NOTHING_KNOWN) -> Why | None:
    """Says why a step is not allowed, or None when it is. `now` is aware; whose session it is, `visible_to` decides."""
    move = MOVES[verb]
    if move.who is not None and by.role not in move.who:
        return Why.ROLE
    if session.status not in move.frm:
        return Why.STATE
    asked = Asked(session, by, now, known)
    return next((why for rule in move.rules if (why := rule(asked))), None)


def leads_to(session: Appointment, verb: Verb) -> Status:
    """The state that a step leads to: where there are two, what it was before somebody said that it was held."""
    to = MOVES[verb].to
    return to[0] if len(to) == 1 or session.arrived_at is not None else to[1]


class Steps(Mapping[str, Step]):
    """Everything that can be done with one session, by its verb: templates ask `steps.check_in.allowed`.

    Each is looked at when it is asked for: a list draws three of them a line.
    """

    def __init__(self, session: Appointment, *, by: Actor, now: datetime, known: Known) -> None:
        self._session, self._by, self._now, self._known = session, by, now, known
        self._looked_at: dict[str, Step] = {}

    def __getitem__(self, verb: str) -> Step:
        if verb not in self._looked_at:
            ours = MOVES[verb].verb  # a template's word becomes one of ours, or a KeyError
            why = why_not(self._session, ours, by=self._by, now=self._now, known=self._known)
            self._looked_at[verb] = Step(ours, why)
        return self._looked_at[verb]

    def __iter__(self) -> Iterator[str]:
        return iter(MOVES)

    def __len__(self) -> int:
        return len(MOVES)

    @property
    def allowed(self) -> list[Step]:
        """Those that may be taken now, in the order of the page."""
        return [step for step in self.values() if step.allowed]

    @property
    def undos(self) -> list[Step]:
        """Those that take back a step that was taken, and are allowed now."""
        return [step for verb in UNDOS if (step := self[verb]).allowed]


def steps(session: Appointment, *, by: Actor, now: datetime, known: Known = NOTHING_KNOWN) -> Steps:
    """What may be done with a session now, and why not the rest: the one answer for pages, the desk and the API.

    Needs the session's location. `known` is what the floors above know: `journeys.sessions.steps` asks them.
    """
    return Steps(session, by=by, now=now, known=known)


def as_seen(session: Appointment) -> str:
    """What a page that shows the session knew of it, as one word that its forms send back."""
    return f"{session.status}.{session.revision}"
