"""Moving several sessions of one series: what the page proposes for each, and doing it with one notice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from portal.appointments import actions
from portal.appointments.actions.clashes import Terms
from portal.appointments.actions.moving import Move, move_series
from portal.appointments.models import Appointment
from portal.appointments.recurrence import Every, nominal, on_the_clock
from portal.appointments.series_forms import ALL_THE_SAME, SKIP, TimeChoice, Which
from portal.appointments.states import Verb, Why
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.journeys import freed, sessions, to_do
from portal.journeys.repeating.proposing import Line, Proposal, settle, terms_of
from portal.journeys.repeating.telling import MOVED, notify


class Stay(NamedTuple):
    """One session to come that stays as it is: moved alone, held another way, or not to be moved any more."""

    session: Appointment
    # Why it can't be moved; None if it could.
    why: Why | None

    @property
    def is_late(self) -> bool:
        """Whether it is too late for a patient to move it."""
        return self.why == Why.LATE


@dataclass(slots=True)
class Moving:
    """A series on the page that moves several of its sessions."""

    # How they are held now; the proposal says how they will be.
    terms: Terms
    proposal: Proposal
    staying: list[Stay]

    @property
    def moves(self) -> list[Move]:
        """What is asked for as the page stands."""
        return [
            Move(line.session, line.starts_at, line.planned_at, line.seen, line.chosen == ALL_THE_SAME)
            for line in self.proposal.lines
            if line.session is not None and line.starts_at is not None and line.chosen != SKIP
        ]


def propose_move(
    session: Appointment,
    *,
    day: date,
    at: time,
    which: Which | str,
    to: Terms | None = None,
    data: Mapping[str, Any] | None,
    by: Actor,
    now: datetime,
    clinic: ClinicSettings,
) -> Moving:
    """This session on another day or at another time, and the others of its series likewise, each from its own plan.

    Those that were moved alone stay, but for this one, and so does what is there already. `to` is how they will be
    held, if otherwise than now.
    """
    own = Appointment.objects.visible_to(by).filter(series=session.series_id, starts_at__gt=now).without_cancelled()
    listed = list(own.for_listing().order_by("starts_at"))
    steps = sessions.steps_of(listed, by=by, now=now)
    terms = terms_of(session)
    to = to or terms
    zone = to.location.zone
    lines: list[Line] = []
    staying: list[Stay] = []
    missing: set[datetime] = set()
    for each in listed:
        is_meant = each.pk == session.pk or (
            not each.is_moved_alone
            and terms_of(each) == terms
            and (which == Which.ALL or each.starts_at >= session.starts_at)
        )
        if not is_meant or not steps[each.pk][Verb.MOVE].allowed:
            staying.append(Stay(each, steps[each.pk][Verb.MOVE].why))
            continue
        there = day if each.pk == session.pk else _planned_day(each) + (day - _counted_from(session, each))
        planned = nominal(there, at, zone)
        if planned == each.starts_at and to == terms:
            # It would be told of a move that is none.
            staying.append(Stay(each, None))
            continue
        if on_the_clock(there, at, zone) is None:
            missing.add(planned)
        form = TimeChoice(data if data is not None else {}, zone=zone, prefix=f"s{each.position}")
        seen = each.seen_as if data is None else str(data.get(f"s{each.position}-seen", ""))
        lines.append(Line(planned, form, session=each, seen=seen))
    proposal = Proposal(to, lines, [], moves=True)
    if lines:
        settle(proposal, missing, is_chosen=data is not None, by=by, now=now, clinic=clinic)
    return Moving(terms, proposal, staying)


def _planned_day(session: Appointment) -> date:
    return session.location.day_of(session.planned_at or session.starts_at)


def _counted_from(session: Appointment, other: Appointment) -> date:
    """The day of the pattern, as `other` keeps it, that the session which is moved belongs to.

    In a series by weeks it is on the other's weekday, by where the session stands rather than by its plan: a session
    that was moved without the others, or took another time than was planned for it, says nothing of their weekday.
    """
    planned = _planned_day(session)
    if other.series is None or other.series.every != Every.WEEKS:
        return planned
    stands = session.local_start.date()
    after = (_planned_day(other) - stands).days % 7
    near = [stands + timedelta(days=after), stands + timedelta(days=after - 7)]
    # Where it stands lies between the two: the plan settles what is nearly a tie, as from a Tuesday to a Saturday.
    return min(near, key=lambda day: 2 * abs(day - stands) + abs(day - planned))


@actions.in_transaction
def move_sessions(asked: Moving, *, by: Actor, now: datetime) -> list[Appointment]:
    """Moves all of them as the page says and sends one notice. Raises SeriesTaken, NotOffered or NotReschedulable."""
    to, known = asked.proposal.terms, sessions.known
    moved = move_series(terms=asked.terms, to=to, moves=asked.moves, by=by, now=now, known=known)
    # Once for all of them: each that moves would take itself out of what was not sent yet.
    freed.withdraw_series_notices(moved, why="moved", by=by, now=now)
    for session in moved:
        freed.withdraw_notices(session, why="moved", by=by, now=now)
    if not notify(moved, MOVED, now=now):
        to_do.untold.raise_untold(moved, by=by, now=now)
    return moved
