"""What a session costs, said before anybody books: the fee, what Medicare may give back, what is left to pay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from portal.appointments.models import Appointment
from portal.clinic.models import ClinicSettings, Mode, Psychologist, Service, TaxCode
from portal.common.money import ZERO, cents, gst_on
from portal.journeys.choosing import ways_to_meet
from portal.medicare import schedule
from portal.medicare.models import MbsItem


@dataclass(frozen=True, slots=True)
class Quote:
    """Dollars. `total` contains the GST; `rebate` is None when none is known, and then `gap` is the total."""

    fee: Decimal
    gst: Decimal
    rebate: Decimal | None
    item: MbsItem | None

    @property
    def total(self) -> Decimal:
        return self.fee + self.gst

    @property
    def gap(self) -> Decimal:
        return self.total - (self.rebate or ZERO)


def quote(
    *,
    service: Service,
    psychologist: Psychologist,
    mode: str,
    on: date,
    clinic: ClinicSettings,
    fee: Decimal | None = None,
    items: Sequence[MbsItem] | None = None,
) -> Quote:
    """The price of one session on the clinic's local date `on`; `fee` is one already promised, before GST.

    `items` are that day's from `schedule.items_for_individuals`, where many prices are asked for at once.
    """
    fee = cents(psychologist.fee_for(service) if fee is None else fee)
    taxed = clinic.gst_registered and service.tax_code == TaxCode.TAXABLE
    gst = gst_on(fee) if taxed else ZERO
    item = None
    if service.medicare:
        item = schedule.propose(
            registration=psychologist.registration, minutes=service.minutes, mode=mode, on=on, items=items
        )
    # A benefit is never more than was charged.
    rebate = min(item.benefit, fee + gst) if item else None
    return Quote(fee=fee, gst=gst, rebate=rebate, item=item)


def late_fee(quoted: Quote, *, clinic: ClinicSettings, appointment: Appointment | None = None) -> Decimal:
    """What cancelling late costs, in dollars, as promised for `appointment`; Medicare pays nothing towards it."""
    promised = appointment.late_fee_percent if appointment else None
    return cents(quoted.total * (clinic.late_fee_percent if promised is None else promised) / 100)


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

    @property
    def one_price(self) -> bool:
        return self.lowest == self.highest

    @property
    def one_gap(self) -> bool:
        return self.lowest_gap == self.highest_gap


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
        quote(service=service, psychologist=p, mode=mode or given[0], on=on, clinic=clinic, items=items)
        for p, given in ways
    ]
    if not quotes:
        return None
    totals, gaps = [q.total for q in quotes], [q.gap for q in quotes]
    known = all(q.rebate is not None for q in quotes)
    modes = ways_to_meet([p for p, _given in ways], service)
    return PriceRange(service, modes, min(totals), max(totals), min(gaps), max(gaps), known)
