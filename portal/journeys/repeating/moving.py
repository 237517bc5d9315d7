"""Moving several sessions of one series: what the page proposes for each, and doing it with one notice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from portal.appointments import actions
from portal.appointments.actions.clashes import Terms
from portal.appointments.actions.moving import Move, move_series
from portal.appointments.models import Appointment
from portal.appointments.recurrence import SHORTEST_MONTH, Every, Shift, nominal, on_the_clock, shifted
from portal.appointments.series_forms import ALL_THE_SAME, SKIP, TimeChoice, Which
from portal.appointments.states import Verb, Why
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.languages.times import day_no_year, weekday, within
from portal.journeys import booking, freed, last_told, sessions, to_do
from portal.journeys.rearranging.deciding import undecided_about
from portal.journeys.repeating.proposing import Line, Proposal, settle, terms_of
from portal.journeys.repeating.telling import MOVED, is_unheard_of, notify


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
    # How the others go with the one that is moved, in sentences.
    rule: list[str]

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
    """This session on another day or at another time, and the others of its series with it (`recurrence.shifted`).

    Those that were moved alone stay, but for this one, and so does what is there already. `to` is how they will be
    held, if otherwise than now.
    """
    own = Appointment.objects.visible_to(by).filter(series=session.series_id, starts_at__gt=now).without_cancelled()
    listed = list(own.for_listing().order_by("starts_at"))
    steps = sessions.steps_of(listed, by=by, now=now)
    terms = terms_of(session)
    to = to or terms
    zone = to.location.zone
    meant = [each for each in listed if each.pk == session.pk or _goes_along(each, session, terms, which)]
    meant = [each for each in meant if steps[each.pk][Verb.MOVE].allowed]
    others = [each for each in meant if each.pk != session.pk]
    shift = _shift(session, others, day)
    days = {session.pk: day} | {each.pk: there for each, there in zip(others, shift.days, strict=True)}
    lines: list[Line] = []
    staying: list[Stay] = []
    missing: set[datetime] = set()
    for each in listed:
        there = days.get(each.pk)
        if there is None:
            staying.append(Stay(each, steps[each.pk][Verb.MOVE].why))
            continue
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
    return Moving(terms, proposal, staying, _how_the_others_go(session, shift))


def _goes_along(each: Appointment, session: Appointment, terms: Terms, which: Which | str) -> bool:
    return (
        not each.is_moved_alone
        and terms_of(each) == terms
        and (which == Which.ALL or each.starts_at >= session.starts_at)
    )


def _shift(session: Appointment, others: Sequence[Appointment], to: date) -> Shift:
    """Where those go that go with this one."""
    return shifted(
        Every(session.series.every) if session.series else Every.WEEKS,
        plan=_planned_day(session),
        stands=session.local_start.date(),
        to=to,
        others=[_planned_day(each) for each in others],
    )


def _planned_day(session: Appointment) -> date:
    return session.location.day_of(session.planned_at or session.starts_at)


def _how_the_others_go(session: Appointment, shift: Shift) -> list[str]:
    """The rule by which they do, in words; nothing where it goes alone."""
    if not shift.days:
        return []
    day = {"weekday": weekday(shift.to)}
    match shift.every, (shift.to.day - 1) // 7:
        case Every.WEEKS, _nth:
            rule = _("The others go to a %(weekday)s too, at the same time of day, as many weeks apart as now.") % day
        case Every.MONTH_DATE, _nth if shift.to.day > SHORTEST_MONTH:
            words = _("The others go to day %(n)s of their month too, or the last of a shorter one, at the same time.")
            rule = words % {"n": shift.to.day}
        case Every.MONTH_DATE, _nth:
            rule = _("The others go to day %(n)s of their month too, at the same time of day.") % {"n": shift.to.day}
        case Every.MONTH_LAST, _nth:
            rule = _("The others go to the last %(weekday)s of their month too, at the same time of day.") % day
        case _every, 0:
            rule = _("The others go to the first %(weekday)s of their month too, at the same time of day.") % day
        case _every, 1:
            rule = _("The others go to the second %(weekday)s of their month too, at the same time of day.") % day
        case _every, 2:
            rule = _("The others go to the third %(weekday)s of their month too, at the same time of day.") % day
        case _:
            rule = _("The others go to the fourth %(weekday)s of their month too, at the same time of day.") % day
    planned = _planned_day(session)
    if shift.is_by_plan:
        from_there = _("This one is not on its own day in the series, %(day)s. The others are counted from that day.")
        return [rule, from_there % {"day": within(day_no_year(planned))}]
    if planned != session.local_start.date():
        return [
            rule,
            _("This one is not on its own day in the series. The others are counted from the day on which it is now."),
        ]
    return [rule]


@actions.in_transaction
def move_sessions(asked: Moving, *, by: Actor, now: datetime) -> list[Appointment]:
    """Moves all of them as the page says and sends one notice. Raises SeriesTaken, NotOffered or NotReschedulable."""
    to, known = asked.proposal.terms, sessions.known
    stood = {str(move.session.code): last_told.standing_of(move.session) for move in asked.moves}
    stranded = undecided_about([move.session for move in asked.moves])
    once = booking.with_kept_time([move.session for move in asked.moves]) - stranded.keys()
    moves = [
        move._replace(keeps_free_time=str(move.session.code) in stranded, ends_kept_time=str(move.session.code) in once)
        for move in asked.moves
    ]
    moved = move_series(terms=asked.terms, to=to, moves=moves, by=by, now=now, known=known)
    # Once for all of them: each that moves would take itself out of what was not sent yet.
    freed.withdraw_series_notices(moved, why="moved", by=by, now=now)
    for session in moved:
        freed.withdraw_notices(session, why="moved", by=by, now=now)
    # Back where their patients have them, by a move of a moment ago that nobody was told of, they are no news.
    believed = last_told.by_unsent(moved, now=now) if by.is_staff else {}
    news = [
        session
        for session in moved
        if believed.get(session.code) != last_told.standing_of(session) or is_unheard_of(session)
    ]
    before = stood | {str(code): standing for code, standing in believed.items()}
    if news and not notify(news, MOVED, now=now, before={str(each.code): before[str(each.code)] for each in news}):
        to_do.untold.raise_untold(news, by=by, now=now)
    return moved
