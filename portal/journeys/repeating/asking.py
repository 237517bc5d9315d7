"""The page that repeats a session, for each audience: what was asked, what is proposed, and booking it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from portal.appointments.actions import rules
from portal.appointments.actions.clashes import Terms
from portal.appointments.models import Appointment
from portal.appointments.series_forms import SKIP, PatternForm
from portal.billing import charges
from portal.clinic.models import ClinicSettings, Mode
from portal.common.access.actors import Actor
from portal.journeys.repeating import rebates
from portal.journeys.repeating.booking import book_held_series, book_series
from portal.journeys.repeating.proposing import Proposal, propose, terms_of
from portal.patients.models import Patient
from portal.policies.models import PolicyVersion


class Costs(NamedTuple):
    """What each of those that are proposed costs at the fee of today, and all that is booked with them in dollars."""

    each: charges.Quote
    in_all: Decimal
    # How many that is.
    sessions: int


@dataclass(slots=True)
class Asked:
    """How a session is to be repeated, and what that comes to."""

    terms: Terms
    form: PatternForm
    # None while the form does not say how it recurs.
    proposal: Proposal | None
    is_sent: bool
    # What they follow, booked already or held; None where the first is one of those that are proposed.
    after: Appointment | None = None
    # What was sent asks for something else than what its list of times was drawn for: nothing is booked by it.
    is_other: bool = False

    @property
    def drawn_for(self) -> str:
        """What the list of times is drawn for, in one word that its form sends back; only of a valid form."""
        return _drawn_for(self.terms, self.form)

    @property
    def zone(self) -> ZoneInfo:
        """On whose clock all of it is."""
        return self.terms.location.zone

    @property
    def is_ready(self) -> bool:
        """Whether all of it can be booked as it was sent."""
        return self._is_chosen and self.proposal is not None and self.proposal.is_whole

    @property
    def is_taken(self) -> bool:
        """Whether a time that was sent is not free by now."""
        return self._is_chosen and self.proposal is not None and any(line.clash for line in self.proposal.lines)

    @property
    def _is_chosen(self) -> bool:
        return self.is_sent and not self.is_other

    def costs(self, *, clinic: ClinicSettings) -> Costs | None:
        """What the page comes to as it stands, with the held time at the fee that it was promised; None of nothing."""
        if self.proposal is None or not self.proposal.wishes:
            return None
        wishes, terms = self.proposal.wishes, self.terms
        each = charges.quote(
            service=terms.service,
            psychologist=terms.psychologist,
            mode=terms.mode,
            on=terms.location.day_of(wishes[0].starts_at),
            clinic=clinic,
        )
        if self.after is None or not self.after.is_hold:
            return Costs(each, each.total * len(wishes), len(wishes))
        first = charges.price_of(self.after, clinic=clinic)
        return Costs(each, first + each.total * len(wishes), len(wishes) + 1)

    def rebates(self, *, by: Actor, now: datetime) -> list[str]:
        """From which of these sessions on Medicare pays nothing, for whoever may see it; a time that is not skipped
        and not decided yet counts where the series would have it.
        """
        if self.proposal is None:
            return []
        lines = [line for line in self.proposal.lines if line.chosen != SKIP]
        starts = [line.starts_at or line.planned_at for line in lines]
        is_held = self.after is not None and self.after.is_hold
        if self.after is not None and is_held:
            starts.insert(0, self.after.starts_at)
        before = 0 if self.after is None or is_held else self.after.position or 1
        return rebates.in_words(self.terms, starts, first_number=before + 1, for_staff=rules.is_staff(by), now=now)

    def book(self, *, agreed: Sequence[PolicyVersion] = (), by: Actor, now: datetime) -> list[Appointment]:
        """Books what was sent, and what is held before it; raises what `book_series` or `book_held_series` raises."""
        if self.proposal is None:
            raise ValueError("the form does not say how it recurs")
        asked: dict[str, Any] = {"terms": self.terms, "pattern": self.form.pattern, "wishes": self.proposal.wishes}
        if self.after is not None and self.after.is_hold:
            return book_held_series(hold=self.after, **asked, agreed=agreed, by=by, now=now)
        return book_series(**asked, first=self.after, by=by, now=now)


def may_be_repeated(session: Appointment) -> bool:
    """Whether others can follow it: it takes place, or took place."""
    return session.is_standing and session.patient_id is not None


def last_standing(session: Appointment, *, by: Actor) -> Appointment:
    """The session that others follow: of a series the last that takes place, for the times before it are its own."""
    if session.series_id is None:
        return session
    own = Appointment.objects.visible_to(by).filter(series=session.series_id, starts_at__gt=session.starts_at)
    return next((each for each in own.order_by("-starts_at") if may_be_repeated(each)), session)


def read(
    session: Appointment,
    data: Mapping[str, Any],
    *,
    is_sent: bool,
    by: Actor,
    now: datetime,
    clinic: ClinicSettings,
    most: int | None = None,
) -> Asked:
    """Reads a page's form. An address that says nothing begins with a weekly series, of `most` sessions at the most."""
    return _read(
        terms_of(session), session.starts_at, data, session, is_sent=is_sent, by=by, now=now, clinic=clinic, most=most
    )


def read_held(
    hold: Appointment,
    patient: Patient,
    data: Mapping[str, Any],
    *,
    is_sent: bool,
    by: Actor,
    now: datetime,
    clinic: ClinicSettings,
    most: int | None = None,
) -> Asked:
    """The same for a time that is held and becomes the first of them."""
    return _read(
        terms_of_hold(hold, patient),
        hold.starts_at,
        data,
        hold,
        is_sent=is_sent,
        by=by,
        now=now,
        clinic=clinic,
        most=most,
    )


def terms_of_hold(hold: Appointment, patient: Patient) -> Terms:
    """What a held time would be for somebody."""
    return Terms(hold.psychologist, patient, hold.service, Mode(hold.mode), hold.location)


def read_new(
    terms: Terms,
    starts_at: datetime,
    data: Mapping[str, Any],
    *,
    is_sent: bool,
    by: Actor,
    now: datetime,
    clinic: ClinicSettings,
) -> Asked:
    """The same for sessions of which none is booked yet: the first is proposed like the others."""
    return _read(terms, starts_at, data, None, is_sent=is_sent, by=by, now=now, clinic=clinic)


def _read(
    terms: Terms,
    starts_at: datetime,
    data: Mapping[str, Any],
    after: Appointment | None,
    *,
    is_sent: bool,
    by: Actor,
    now: datetime,
    clinic: ClinicSettings,
    most: int | None = None,
) -> Asked:
    first = starts_at.astimezone(terms.location.zone)
    initial = {} if most is None else {"count": max(2, min(6, most))}
    if not is_sent and "repeat" not in data:
        data = PatternForm(first_day=first.date(), initial=initial).initial
    form = PatternForm(data, first_day=first.date())
    proposal, is_other = None, False
    if form.is_valid():
        # Whoever types another number and presses at once has not seen the times that come of it.
        is_other = is_sent and data.get("drawn_for") != _drawn_for(terms, form)
        proposal = propose(
            terms=terms,
            pattern=form.pattern,
            at=first.time(),
            data=data if is_sent and not is_other else None,
            after=after,
            by=by,
            now=now,
            clinic=clinic,
        )
    return Asked(terms, form, proposal, is_sent, after, is_other)


def _drawn_for(terms: Terms, form: PatternForm) -> str:
    pattern = form.pattern
    held = (terms.psychologist.slug, terms.patient.code, terms.service.slug, terms.mode.value, terms.location.slug)
    recurs = (pattern.every.value, pattern.interval, pattern.first_day, pattern.count, pattern.until)
    return " ".join(map(str, held + recurs))
