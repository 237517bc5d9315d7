"""From which session of a series on Medicare pays nothing, said before any is booked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from portal.appointments.actions.clashes import Terms
from portal.journeys import better_access
from portal.medicare import for_patients, telling
from portal.medicare.ledger import Why


def in_words(
    terms: Terms, starts: Sequence[datetime], *, first_number: int, for_staff: bool, now: datetime
) -> list[str]:
    """A sentence for each stretch of these sessions without a rebate, or one that all have it.

    The first of them is the `first_number`th of its series. Nothing is said while no referral is on file, as beside a
    price.
    """
    standings = better_access.standings_of_new(terms, starts, now=now)
    if not standings or any(one.why is Why.NO_REFERRAL for one in standings):
        return []
    words = telling.from_then_on if for_staff else for_patients.from_then_on
    if all(one.is_covered for one in standings):
        return [telling.all_within() if for_staff else for_patients.all_paid()]
    said, before = [], None
    for number, standing in enumerate(standings, start=first_number):
        # A year that is used up is said of each year.
        stretch = (standing.why, standing.service.day.year if standing.why is Why.YEAR_IS_USED_UP else None)
        if stretch != before:
            said.append(words(standing, number=number))
        before = stretch
    return [sentence for sentence in said if sentence]
