"""What everything costs: the fee, GST, the Medicare item and its rebate, and what is left to pay.

Nothing else in the portal says so. The price card, the desk's preview, the day's list and the invoice all ask here, so
that what was promised is what is asked for. Pure: what is read from the database comes in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from portal.appointments import terms
from portal.appointments.models import Appointment
from portal.billing.bulk import is_bulk_billed
from portal.billing.models import Purpose
from portal.clinic.models import ClinicSettings, Psychologist, Service, TaxCode
from portal.common.money import ZERO, cents, gst_on
from portal.medicare import schedule
from portal.medicare.models import MbsItem, Referral
from portal.policies.models import PolicySettings

# ---- Lines and sums --------------------------------------------------------------------------------------------------

# What is off a line stands on the next one, under this word and with that line's own tax code.
DISCOUNT = "Discount: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One thing to be charged for: dollars before GST; `benefit` is Medicare's for the item, or nothing."""

    description: str
    unit_price: Decimal
    tax_code: str = TaxCode.GST_FREE
    quantity: Decimal = Decimal(1)
    item_number: str = ""
    benefit: Decimal = ZERO
    service_date: date | None = None
    starts_at: datetime | None = None
    minutes: int | None = None
    mode: str = ""
    # What was proposed, empty for none, and why another item is billed; None where nothing is proposed.
    item_proposed: str | None = None
    item_reason: str = ""
    # What decides the item besides minutes and mode, as `Line` keeps it.
    is_outside: bool | None = None
    attended: int | None = None
    remoteness: int | None = None
    kilometres: int | None = None


@dataclass(frozen=True, slots=True)
class Amounts:
    """Dollars: `price` without GST, `total` with it, `rebate` what Medicare is expected to pay back."""

    price: Decimal
    gst: Decimal
    total: Decimal
    rebate: Decimal

    @property
    def out_of_pocket(self) -> Decimal:
        """What is left to pay once the rebate has come, in dollars."""
        return self.total - self.rebate


def amounts_of(charge: Charge, *, gst_registered: bool) -> Amounts:
    """What one charge comes to. GST is a tenth of a taxable price, rounded half up on each line.

    A clinic that isn't registered for GST charges none at all. Medicare pays back no more than was charged.
    """
    price = cents(charge.quantity * charge.unit_price)
    gst = gst_on(price) if gst_registered and charge.tax_code == TaxCode.TAXABLE else ZERO
    total = price + gst
    return Amounts(price, gst, total, max(ZERO, min(cents(charge.benefit), total)))


def sum_of(amounts: Iterable[Amounts]) -> Amounts:
    """What an invoice comes to: its lines, added up. A discount may leave less to pay than Medicare's benefit."""
    rows = list(amounts)
    total = sum((row.total for row in rows), ZERO)
    return Amounts(
        sum((row.price for row in rows), ZERO),
        sum((row.gst for row in rows), ZERO),
        total,
        max(ZERO, min(sum((row.rebate for row in rows), ZERO), total)),
    )


@dataclass(frozen=True, slots=True)
class Bill:
    """Charges with what each comes to, before anything is issued."""

    charges: tuple[Charge, ...]
    amounts: tuple[Amounts, ...]

    @property
    def sums(self) -> Amounts:
        """All lines added up."""
        return sum_of(self.amounts)

    @property
    def may_stand(self) -> bool:
        """Whether it makes an invoice: something is charged for, and no discount takes more than is charged at its GST.

        A discount without GST beside a taxable service would hide the GST that is owed on the service.
        """
        taxed: dict[str, Decimal] = {}
        for charge, amounts in self.rows:
            taxed[charge.tax_code] = taxed.get(charge.tax_code, ZERO) + amounts.price
        return bool(self.charges) and all(price >= 0 for price in taxed.values()) and self.sums.gst >= 0

    @property
    def rows(self) -> list[tuple[Charge, Amounts]]:
        """Each charge with its amounts."""
        return list(zip(self.charges, self.amounts, strict=True))


def bill_of(charges: Iterable[Charge], *, clinic: ClinicSettings) -> Bill:
    """What these charges come to together at the clinic."""
    charges = tuple(charges)
    return Bill(charges, tuple(amounts_of(charge, gst_registered=clinic.gst_registered) for charge in charges))


# ---- A session -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Quote:
    """What one session costs, in dollars. `total` contains the GST; `rebate` is None when none is known."""

    fee: Decimal
    gst: Decimal
    rebate: Decimal | None
    item: MbsItem | None

    @property
    def total(self) -> Decimal:
        """Dollars with GST."""
        return self.fee + self.gst

    @property
    def gap(self) -> Decimal:
        """Dollars left to pay once the rebate has come; the total where none is expected."""
        return self.total - (self.rebate or ZERO)


def quote(
    *,
    service: Service,
    psychologist: Psychologist,
    mode: str,
    on: date,
    clinic: ClinicSettings,
    fee: Decimal | None = None,
    minutes: int | None = None,
    items: Sequence[MbsItem] | None = None,
) -> Quote:
    """The price of a session on the clinic's date `on`, with the rebate that a referral brings.

    `fee`, in dollars before GST, and `minutes` are what was agreed already; else the psychologist's and the service's.
    `items` are that day's from `schedule.items_for_individuals`, where many prices are asked for at once.
    """
    item = _item(
        service=service,
        registration=psychologist.registration,
        minutes=service.minutes if minutes is None else minutes,
        mode=mode,
        on=on,
        items=items,
    )
    charge = _session(service, fee=psychologist.fee_for(service) if fee is None else fee, item=item)
    amounts = amounts_of(charge, gst_registered=clinic.gst_registered)
    return Quote(fee=amounts.price, gst=amounts.gst, rebate=amounts.rebate if item else None, item=item)


def promised(appointment: Appointment, *, clinic: ClinicSettings, items: Sequence[MbsItem] | None = None) -> Quote:
    """What a session that was booked, or is held, costs: at the fee and for the length that were agreed."""
    return quote(
        service=appointment.service,
        psychologist=appointment.psychologist,
        mode=appointment.mode,
        on=day_of(appointment),
        clinic=clinic,
        fee=appointment.fee,
        minutes=appointment.minutes,
        items=items,
    )


def price_of(appointment: Appointment, *, clinic: ClinicSettings) -> Decimal:
    """What a session costs as it was booked, in dollars with GST. Reads nothing: long lists ask it."""
    charge = _session(appointment.service, fee=appointment.fee, item=None)
    return amounts_of(charge, gst_registered=clinic.gst_registered).total


def for_session(
    appointment: Appointment,
    *,
    item: MbsItem | None,
    fee: Decimal | None = None,
    minutes: int | None = None,
    mode: str | None = None,
) -> Charge:
    """The charge for a session as it was held; what isn't said is as it was booked. `fee` is dollars before GST."""
    return _session(
        appointment.service,
        fee=appointment.fee if fee is None else fee,
        item=item,
        service_date=day_of(appointment),
        starts_at=appointment.starts_at,
        minutes=appointment.minutes if minutes is None else minutes,
        mode=appointment.mode if mode is None else mode,
    )


def extra_line(description: str, price: Decimal, tax_code: str = TaxCode.GST_FREE) -> Charge:
    """Something charged for besides the session, at `price` dollars before GST."""
    return Charge(description=description, unit_price=price, tax_code=tax_code)


def day_of(appointment: Appointment) -> date:
    """The day of the service: that on which it began, where it took place."""
    return appointment.local_start.date()


def item_for(
    appointment: Appointment,
    *,
    referral: Referral | None,
    minutes: int | None = None,
    mode: str | None = None,
    outside: bool = False,
    items: Sequence[MbsItem] | None = None,
) -> MbsItem | None:
    """The item that the session as it was held may claim: none without a referral that covers it (the ledger says).

    `items` are those of the day to choose among, longest first; else those of individual services.
    """
    if referral is None or not referral.is_for_medicare:
        return None
    return _item(
        service=appointment.service,
        registration=appointment.psychologist.registration,
        minutes=appointment.minutes if minutes is None else minutes,
        mode=appointment.mode if mode is None else mode,
        on=day_of(appointment),
        outside=outside,
        items=items,
    )


def _item(
    *,
    service: Service,
    registration: str,
    minutes: int,
    mode: str,
    on: date,
    outside: bool = False,
    items: Sequence[MbsItem] | None = None,
) -> MbsItem | None:
    if not service.medicare:
        return None
    return schedule.propose(registration=registration, minutes=minutes, mode=mode, on=on, outside=outside, items=items)


def _session(
    service: Service,
    *,
    fee: Decimal,
    item: MbsItem | None,
    service_date: date | None = None,
    starts_at: datetime | None = None,
    minutes: int | None = None,
    mode: str = "",
) -> Charge:
    return Charge(
        description=service.name,
        unit_price=cents(fee),
        tax_code=service.tax_code,
        item_number=item.item if item else "",
        benefit=item.benefit if item else ZERO,
        service_date=service_date,
        starts_at=starts_at,
        minutes=minutes,
        mode=mode,
    )


# ---- A session that was cancelled late, or missed --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fee:
    """What a session that was not held costs, and by which rule: `percent` of its price."""

    purpose: Purpose
    percent: int
    charge: Charge
    amounts: Amounts


def without_item(charge: Charge) -> Charge:
    """The charge as a third party is billed: Medicare pays nothing towards it."""
    return replace(charge, item_number="", benefit=ZERO, item_proposed="", item_reason="")


def at_the_benefit(charge: Charge) -> Charge:
    """The charge of a bulk-billed session: Medicare's benefit, no more and no less."""
    return replace(charge, unit_price=charge.benefit, tax_code=TaxCode.GST_FREE)


def late_fee(appointment: Appointment, *, clinic: ClinicSettings, at: datetime | None = None) -> Fee:
    """What cancelling after the free time costs, by the rule that was shown when the session was booked.

    `at` a moment; else when it was cancelled or, of one that is to come, as soon as it is free no more.

    Medicare pays nothing towards it: it has no item, and no date of service.
    """
    return _fee(
        appointment,
        Purpose.LATE_FEE,
        terms.late_percent(appointment, clinic=clinic, at=at),
        "Late cancellation",
        clinic,
    )


def no_show_fee(appointment: Appointment, *, clinic: ClinicSettings, policy: PolicySettings) -> Fee:
    """What not coming costs, by the rule that was shown when the session was booked."""
    percent = appointment.no_show_percent
    if percent is None:
        near = terms.near_of(appointment, clinic)
        last = near.percent if near else terms.late_percent(appointment, clinic=clinic)
        percent = policy.percent_for_not_coming(last)
    return _fee(appointment, Purpose.NO_SHOW, percent, "Missed session", clinic)


def fee_due(appointment: Appointment, *, clinic: ClinicSettings, policy: PolicySettings) -> Fee | None:
    """The fee that may be asked for a session that was not held; None where the clinic promised that there is none, and
    of what was put on record after it had begun: nobody was shown a rule."""
    fee = None
    if appointment.booked_at is not None and appointment.booked_at >= appointment.starts_at:
        return None
    if appointment.is_cancelled and appointment.late:
        fee = late_fee(appointment, clinic=clinic)
    elif appointment.is_missed:
        fee = no_show_fee(appointment, clinic=clinic, policy=policy)
    return fee if fee and fee.amounts.total else None


def _fee(appointment: Appointment, purpose: Purpose, percent: int, what: str, clinic: ClinicSettings) -> Fee:
    service, start = appointment.service, appointment.local_start
    if percent and is_bulk_billed(appointment):
        # Of what is bulk-billed the patient is never charged anything.
        percent = 0
    charge = Charge(
        description=f"{what}: {service.name}, {start.day} {start:%b %Y}",
        unit_price=cents(appointment.fee * percent / 100),
        tax_code=service.tax_code,
    )
    return Fee(purpose, percent, charge, amounts_of(charge, gst_registered=clinic.gst_registered))


# ---- Money before, and off again -------------------------------------------------------------------------------------


def paid_ahead(appointment: Appointment, amount: Decimal) -> Charge:
    """What is taken before the session, in dollars that contain any GST: the session's own invoice says how much."""
    start = appointment.local_start
    return Charge(
        description=f"Paid ahead: {appointment.service.name}, {start.day} {start:%b %Y}", unit_price=cents(amount)
    )


def gst_off(total: Decimal, gst: Decimal, amount: Decimal, *, amount_off: Decimal, gst_taken: Decimal) -> Decimal:
    """The GST in `amount` dollars off a line that costs `total` with `gst` in it, `amount_off` of it taken off before.

    It is the line's share, rounded on all that was taken off by then: taking off the whole line in parts takes exactly
    its GST.
    """
    return cents((amount_off + amount) * gst / total) - gst_taken
