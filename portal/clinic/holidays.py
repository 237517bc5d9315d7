"""Public holidays of the Australian states, from the `holidays` library.

Whole days only. Where a state's law makes an evening one (from 7 pm before Christmas in South Australia), the library
keeps it in a category of its own, which is not asked for: the day before it is worked.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType

from portal.clinic.models import Location

STATES = frozenset({"ACT", "NSW", "NT", "QLD", "SA", "TAS", "VIC", "WA"})


def holidays_at(place: Location, *, first_day: date, last_day: date) -> Mapping[date, str]:
    """The public holidays on which a place is closed, with their names; none of a place that works on them.

    Holds at least those from `first_day` to `last_day`. A place without a state has those of the whole country.
    """
    if place.works_on_holidays:
        return MappingProxyType({})
    return holidays_in(place.state, first_day=first_day, last_day=last_day)


def holidays_in(state: str, *, first_day: date, last_day: date) -> Mapping[date, str]:
    """The public holidays of a state, else of the whole country; holds at least those of these days."""
    known = state.strip().upper()
    return _between(known if known in STATES else "", first_day.year, last_day.year)


@lru_cache(maxsize=256)
def _between(state: str, first_year: int, last_year: int) -> Mapping[date, str]:
    from holidays import country_holidays  # it takes a while to load, and not every process asks

    years = range(first_year, last_year + 1)
    return MappingProxyType(dict(country_holidays("AU", subdiv=state or None, years=years, language="en_AU")))
