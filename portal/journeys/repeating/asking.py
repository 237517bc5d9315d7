"""The page that repeats a session, for each audience: what was asked, what is proposed, and booking it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.appointments.models import Appointment
from portal.appointments.series_forms import PatternForm
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.journeys.repeating.booking import book_series
from portal.journeys.repeating.proposing import Proposal, propose, terms_of


@dataclass(slots=True)
class Asked:
    """How a session is to be repeated, and what that comes to."""

    session: Appointment
    form: PatternForm
    # None while the form does not say how it recurs.
    proposal: Proposal | None
    is_sent: bool

    @property
    def is_ready(self) -> bool:
        """Whether all of it can be booked as it was sent."""
        return self.is_sent and self.proposal is not None and self.proposal.is_whole

    @property
    def is_taken(self) -> bool:
        """Whether a time that was sent is not free by now."""
        return self.is_sent and self.proposal is not None and any(line.clash for line in self.proposal.lines)

    def book(self, *, by: Actor, now: datetime) -> list[Appointment]:
        """Books what was sent; raises what `book_series` raises."""
        if self.proposal is None:
            raise ValueError("the form does not say how it recurs")
        return book_series(
            terms=self.proposal.terms,
            pattern=self.form.pattern,
            wishes=self.proposal.wishes,
            first=self.session,
            by=by,
            now=now,
        )


def may_be_repeated(session: Appointment) -> bool:
    """Whether others can follow it: it takes place, or took place."""
    return session.is_standing and session.patient_id is not None


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
    first_day = session.local_start.date()
    initial = {} if most is None else {"count": max(2, min(6, most))}
    if not is_sent and "repeat" not in data:
        data = PatternForm(first_day=first_day, initial=initial).initial
    form = PatternForm(data, first_day=first_day)
    proposal = None
    if form.is_valid():
        proposal = propose(
            terms=terms_of(session),
            pattern=form.pattern,
            at=session.local_start.time(),
            data=data if is_sent else None,
            after=session,
            by=by,
            now=now,
            clinic=clinic,
        )
    return Asked(session, form, proposal, is_sent)
