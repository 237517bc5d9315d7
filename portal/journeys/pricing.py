"""What a service costs over everybody who gives it, from the cheapest to the dearest, with and without the rebate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from portal.appointments.models import Appointment
from portal.billing import charges
from portal.clinic import kept
from portal.clinic.models import ClinicSettings, Mode, Psychologist, Service
from portal.journeys.choosing import ways_to_meet
from portal.medicare import schedule
from portal.medicare.models import MbsItem


@dataclass(frozen=True, slots=True)
class PriceRange:
    """What a service costs over everybody who gives it, and what is left after Medicare; dollars."""

    service: Service
    # The ways in which anybody gives it.
    modes: list[Mode]
    lowest: Decimal
    highest: Decimal
    lowest_gap: Decimal
    highest_gap: Decimal
    rebate_known: bool
    # Everybody's own, by their id.
    totals: Mapping[int, Decimal]

    @property
    def one_price(self) -> bool:
        return self.lowest == self.highest

    @property
    def one_gap(self) -> bool:
        return self.lowest_gap == self.highest_gap


def fees_of(
    psychologists: Sequence[Psychologist],
    *,
    service: Service,
    mode: str,
    on: date,
    clinic: ClinicSettings,
    moving: Appointment | None = None,
) -> dict[int, Decimal]:
    """What a session costs with each of them who gives it so, by their id, in dollars with GST.

    One that is moved keeps the fee that was agreed, with whomever it is.
    """
    if moving is not None:
        return dict.fromkeys((p.pk for p in psychologists), charges.promised(moving, clinic=clinic).total)
    known = kept.psychologists()
    read = [known[p.pk] for p in psychologists if p.pk in known]
    found = price_range(service=service, psychologists=read, mode=mode, on=on, clinic=clinic)
    return dict(found.totals) if found else {}


def price_range(
    *,
    service: Service,
    psychologists: Sequence[Psychologist],
    mode: str | None = None,
    on: date,
    clinic: ClinicSettings,
    items: Sequence[MbsItem] | None = None,
) -> PriceRange | None:
    """From the cheapest to the dearest, or None when nobody gives the service.

    Without a `mode`, each one's price is that of the first way in which they give it.
    """
    if items is None:
        items = schedule.items_for_individuals(on=on)
    ways = [(p, given) for p in psychologists if (given := p.modes_for(service)) and (not mode or mode in given)]
    quotes = [
        charges.quote(service=service, psychologist=p, mode=mode or given[0], on=on, clinic=clinic, items=items)
        for p, given in ways
    ]
    if not quotes:
        return None
    totals, gaps = [q.total for q in quotes], [q.gap for q in quotes]
    known = all(q.rebate is not None for q in quotes)
    modes = ways_to_meet([p for p, _given in ways], service)
    own = {p.pk: total for (p, _given), total in zip(ways, totals, strict=True)}
    return PriceRange(service, modes, min(totals), max(totals), min(gaps), max(gaps), known, own)
