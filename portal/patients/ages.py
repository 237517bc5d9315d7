"""From which age on a person decides for themself who opens their record, and what was shared with them."""

from __future__ import annotations

from datetime import date

OF_AGE = 18


def last_birthday_of_adults(today: date) -> date:
    """The birth date of the youngest who are of age on that day."""
    try:
        return today.replace(year=today.year - OF_AGE)
    except ValueError:  # the 29th of February, which that year did not have
        return today.replace(year=today.year - OF_AGE, day=28)
