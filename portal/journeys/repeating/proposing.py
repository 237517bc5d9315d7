"""What a page proposes for a series before it is booked: each time, what stands in its way, and what may be chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.appointments.actions import rules
from portal.appointments.actions.clashes import MAY_BE_OVERRULED, Clash, Outlook, Terms
from portal.appointments.actions.repeating import Wish
from portal.appointments.models import Appointment
from portal.appointments.recurrence import Pattern, nominal, on_the_clock
from portal.appointments.series_forms import ALL_THE_SAME, ASK, OTHER, PLANNED, SKIP, TimeChoice, stamp
from portal.clinic.models import ClinicSettings, Mode
from portal.common.access.actors import Actor
from portal.common.languages.punctuation import listed
from portal.common.languages.times import when_short


def in_words(clash: Clash, terms: Terms, *, for_staff: bool) -> str:
    """What stands in the way, for whoever reads the page: what somebody does with their time is staff's to know."""
    match clash:
        case Clash.PSYCHOLOGIST if for_staff:
            return _("%(name)s has another session at this time.") % {"name": terms.psychologist.name}
        case Clash.ELSEWHERE:
            return _("%(name)s has something else on at this time, by their own calendar.") % {
                "name": terms.psychologist.name
            }
        case Clash.NO_SUCH_TIME:
            return _("The clocks skip this time on that day.")
        case Clash.PSYCHOLOGIST:
            return _("%(name)s is not free at this time.") % {"name": terms.psychologist.name}
        case Clash.PATIENT:
            return _("%(name)s has another session at this time.") % {"name": terms.patient.name}
        case Clash.ROOM:
            return _("No room is free at this time.")
        case Clash.AWAY:
            return _("%(name)s is away at this time.") % {"name": terms.psychologist.name}
        case Clash.HOURS:
            return _("Nothing is offered at this time on that day.")
        case Clash.HOLIDAY:
            return _("That day is a public holiday.")
        case Clash.CLOSED:
            return _("The clinic is closed at this time.")
        case Clash.NOTICE:
            return _("This is too soon to be booked.")
        case Clash.HORIZON:
            return _("This is too far ahead to be booked online.")
        case Clash.SERIES:
            return _("Another session of this series is at this time.")


def too_many(most: int) -> str:
    """How many more may be booked online, for somebody who asked for more."""
    if not most:
        return _("You have as many sessions ahead as can be booked online. To book more, please phone us.")
    return ngettext(
        "You can book %(n)s more session online for now. Choose fewer, or skip some of them.",
        "You can book %(n)s more sessions online for now. Choose fewer, or skip some of them.",
        most,
    ) % {"n": most}


def not_online(reason: str) -> str:
    """Why a patient can't book several at once, by the reason of a `NotOffered`."""
    if reason == "on_request":
        return _("Sessions of this kind are asked for one at a time, and we answer each. For several, please phone us.")
    if reason == "first_visit_only":
        return _("A first visit is booked alone. The sessions after it can be booked together.")
    return _("This can't be repeated online. Please phone us, and we book it with you.")


@dataclass(slots=True)
class Line:
    """One time of the series on the page."""

    # Where the pattern would have it; a time that the clocks skip lies behind the gap.
    planned_at: datetime
    form: TimeChoice
    # When it would be booked as the page stands; None where it is skipped, or not known yet.
    starts_at: datetime | None = None
    clash: Clash | None = None
    # All that stands in the way, in words, the weightiest first.
    reasons: list[str] = field(default_factory=list)
    # What may be chosen: value and words, and which one is.
    options: list[tuple[str, str]] = field(default_factory=list)
    chosen: str = PLANNED
    # Of a series that is moved: the session itself, and how the page saw it.
    session: Appointment | None = None
    seen: str = ""
    # What was sent says nothing about a time that can't be had as it was planned.
    is_undecided: bool = False

    @property
    def stands_at(self) -> datetime | None:
        """Where it would be afterwards: a booked one that is skipped stays; None where there is no session then."""
        if self.starts_at is None and self.session is not None:
            return self.session.starts_at
        return self.starts_at

    @property
    def key(self) -> str:
        """What its fields are named after."""
        return self.form.prefix or ""


@dataclass(slots=True)
class Proposal:
    """A series before it is booked."""

    terms: Terms
    lines: list[Line]
    # The first of each month that has no such day, and so no session.
    left_out: list[date]
    # Whether sessions that are booked are moved: one that is skipped stays where it is.
    moves: bool = False

    @property
    def wishes(self) -> list[Wish]:
        """What is asked for as the page stands."""
        return [
            Wish(line.starts_at, line.planned_at, outside_hours=line.chosen == ALL_THE_SAME)
            for line in self.lines
            if line.starts_at is not None
        ]

    @property
    def is_whole(self) -> bool:
        """Whether every time is settled, and there is one to book."""
        return bool(self.wishes) and all(line.clash is None and line.form.is_valid() for line in self.lines)

    @property
    def why_not_whole(self) -> list[str]:
        """Which of the times that were sent stand in the way of booking or moving all of them, in sentences."""
        zone, lines = self.terms.location.zone, self.lines
        wrong = [line for line in lines if not line.form.is_valid()]
        sorts = (
            (_("Not decided yet: %(days)s. Choose what happens then."), [each for each in lines if each.is_undecided]),
            (
                _("Not free any more: %(days)s."),
                [each for each in lines if each.clash and not each.is_undecided and each not in wrong],
            ),
            (_("Something is missing, or is wrong: %(days)s."), wrong),
        )
        return [
            words % {"days": listed(when_short(line.planned_at, zone) for line in those)}
            for words, those in sorts
            if those
        ]

    @property
    def clashes(self) -> int:
        """How many of the times that the pattern names can't be had."""
        return sum(1 for line in self.lines if line.reasons)


def propose(
    *,
    terms: Terms,
    pattern: Pattern,
    at: time,
    data: Mapping[str, Any] | None = None,
    after: Appointment | None = None,
    by: Actor,
    now: datetime,
    clinic: ClinicSettings,
) -> Proposal:
    """Every time of the pattern on the clock of the place, with what `data` chose for it; four queries and more.

    `after` is the booked session that the others follow: its own day is not proposed again. What is past is left out.
    """
    zone = terms.location.zone
    lines = []
    missing = set()
    for day in pattern.days():
        planned = nominal(day, at, zone)
        if planned <= now or (after is not None and planned <= after.starts_at):
            continue
        if on_the_clock(day, at, zone) is None:
            missing.add(planned)
        form = TimeChoice(data if data is not None else {}, zone=zone, prefix=f"{day:%Y-%m-%d}")
        lines.append(Line(planned, form))
    proposal = Proposal(terms, lines, pattern.left_out())
    if lines:
        settle(proposal, missing, is_chosen=data is not None, by=by, now=now, clinic=clinic)
    return proposal


def settle(
    proposal: Proposal, missing: set[datetime], *, is_chosen: bool, by: Actor, now: datetime, clinic: ClinicSettings
) -> None:
    """Looks at each time as it was chosen; where it can't be had the nearest is offered, and somebody decides."""
    lines, terms = proposal.lines, proposal.terms
    for line in lines:
        line.form.is_valid()
        line.chosen = line.form.cleaned_data.get("take", PLANNED)
        if line.chosen in {PLANNED, ALL_THE_SAME}:
            line.starts_at = line.planned_at
        elif line.chosen != SKIP:
            line.starts_at = line.form.cleaned_data.get("starts_at")
    times = [line.planned_at for line in lines] + [line.starts_at for line in lines if line.starts_at]
    moving = [line.session.pk for line in lines if line.session is not None]
    outlook = Outlook(terms, times, by=by, now=now, clinic=clinic, without=moving)
    for line in lines:
        others = [at for other in lines if other is not line and (at := other.stands_at) is not None]
        _look_at(
            line,
            outlook,
            terms,
            others,
            is_missing=line.planned_at in missing,
            is_chosen=is_chosen,
            moves=proposal.moves,
            by=by,
        )


def _look_at(
    line: Line,
    outlook: Outlook,
    terms: Terms,
    others: Sequence[datetime],
    *,
    is_missing: bool,
    is_chosen: bool,
    moves: bool,
    by: Actor,
) -> None:
    zone = terms.location.zone

    def clashes_at(at: datetime, *, outside: bool = False) -> list[Clash]:
        return outlook.clashes(at, beside=others, outside_hours=outside)

    as_planned = [Clash.NO_SUCH_TIME] if is_missing else clashes_at(line.planned_at)
    as_chosen: list[Clash] = []
    if line.starts_at is not None:
        if line.chosen in {PLANNED, ALL_THE_SAME} and is_missing:
            as_chosen = as_planned
        else:
            as_chosen = clashes_at(line.starts_at, outside=line.chosen == ALL_THE_SAME and rules.is_staff(by))
    line.clash = as_chosen[0] if as_chosen else None
    standing = as_chosen or as_planned
    line.reasons = [in_words(clash, terms, for_staff=rules.is_staff(by)) for clash in standing]
    options = [] if as_planned else [(PLANNED, _("Move it there") if moves else _("Book it"))]
    # With the same person in the same way, the time that it has by now is no other time.
    has = line.session.starts_at if line.session is not None and terms_of(line.session) == terms else None
    nearest = outlook.nearest(line.planned_at, beside=others, but=has) if standing else None
    named = {stamp(nearest): nearest} if nearest else {}
    if line.clash is None and line.starts_at and line.chosen not in {PLANNED, ALL_THE_SAME, OTHER}:
        # What was chosen on the page before stays to choose, also where something nearer is free by now.
        named[line.chosen] = line.starts_at
    options += [(value, _("Take %(when)s") % {"when": when_short(free, zone)}) for value, free in named.items()]
    if as_planned and MAY_BE_OVERRULED.issuperset(as_planned) and rules.is_staff(by):
        options.append((ALL_THE_SAME, _("Move it there all the same") if moves else _("Book it all the same")))
    options += [(SKIP, _("Leave it where it is") if moves else _("Skip it")), (OTHER, _("Another time"))]
    line.options = options
    line.is_undecided = bool(line.clash) and is_chosen and not line.form["take"].data
    if line.clash and not is_chosen:
        # The page opens with the question: nothing goes to another day by itself.
        line.chosen, line.starts_at, line.clash = ASK, None, None
    elif line.chosen not in dict(options):
        line.chosen = ASK
    if line.chosen == ASK:
        line.options = [(ASK, _("Choose what happens")), *options]


def terms_of(session: Appointment) -> Terms:
    """What a session that is to be repeated is."""
    return Terms(session.psychologist, session.person, session.service, Mode(session.mode), session.location)
