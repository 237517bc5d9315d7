"""Every price by hand, on rows that are in no database: quick enough to be asked of each small change of the module."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from portal.appointments.models import Appointment, Status
from portal.billing import charges
from portal.billing.charges import Charge
from portal.billing.models import Line, Purpose
from portal.clinic.models import ClinicSettings, Location, Psychologist, Registration, Service, TaxCode
from portal.medicare.models import MbsItem, Referral
from portal.policies.models import PolicySettings

D = Decimal
REGISTERED, NOT_REGISTERED = (ClinicSettings(pk=1, gst_registered=r, late_fee_percent=40) for r in (True, False))
# A quarter to twelve at night in Melbourne, on the 24th; by UTC it is the 24th as well, in Perth earlier still.
DAY = date(2026, 11, 24)
START = datetime(2026, 11, 24, 12, 45, tzinfo=UTC)


def items():
    return [
        MbsItem(item=number, registration="clinical", mode=mode, min_minutes=low, max_minutes=high, benefit=D(benefit))
        for number, mode, low, high, benefit in (
            ("80010", "in_person", 50, None, "149.05"),
            ("80000", "in_person", 30, 50, "101.55"),
            ("91167", "video", 50, None, "149.05"),
        )
    ]


@pytest.fixture(autouse=True)
def _schedule(monkeypatch):
    monkeypatch.setattr("portal.medicare.schedule.items_for_individuals", lambda *, on: items() if on.day == 24 else [])


def service(**fields):
    return Service(
        **{"pk": 1, "name": "Session", "minutes": 50, "fee": D("220.00"), "medicare": True, "tax_code": "gst_free"}
        | fields
    )


def mai(registration=Registration.CLINICAL, **fees):
    made = Psychologist(pk=1, registration=registration)
    made.fees = {1: D(fees["own"])} if fees else {}
    return made


def session(*, of=None, by=None, **fields):
    defaults = {
        "service": of or service(),
        "psychologist": by or mai(),
        "location": Location(time_zone="Australia/Melbourne"),
        "mode": "in_person",
        "starts_at": START,
        "ends_at": START + timedelta(minutes=50),
        "fee": D("200.00"),
        "status": Status.COMPLETED,
    }
    return Appointment(**defaults | fields)


def quote(clinic=NOT_REGISTERED, *, of=None, by=None, mode="in_person", on=DAY, **more):
    return charges.quote(service=of or service(), psychologist=by or mai(), mode=mode, on=on, clinic=clinic, **more)


def told(found):
    return found.fee, found.gst, found.total, found.rebate, found.gap, found.item and found.item.item


def test_a_line():
    taxable = Charge(description="Report", unit_price=D("99.95"), tax_code=TaxCode.TAXABLE, quantity=D("1.5"))
    amounts = charges.amounts_of(taxable, gst_registered=True)
    assert (amounts.price, amounts.gst, amounts.total, amounts.rebate) == (D("149.93"), D("14.99"), D("164.92"), 0)
    assert charges.amounts_of(taxable, gst_registered=False).total == D("149.93")
    free = Charge(description="Session", unit_price=D("100.00"), benefit=D("149.05"))
    amounts = charges.amounts_of(free, gst_registered=True)
    assert (amounts.gst, amounts.rebate, amounts.out_of_pocket) == (0, D("100.00"), 0)
    assert charges.amounts_of(Charge(description="x", unit_price=D(-5), benefit=D(3)), gst_registered=True).rebate == 0
    assert (free.quantity, free.tax_code, free.item_number, free.minutes, free.mode) == (1, "gst_free", "", None, "")


def test_a_bill():
    lines = [
        Charge(description="Session", unit_price=D("220.00"), benefit=D("149.05")),
        Charge(description="Report", unit_price=D("300.00"), tax_code=TaxCode.TAXABLE),
        Charge(description="Discount", unit_price=D("-420.00")),
    ]
    bill = charges.bill_of(iter(lines), clinic=REGISTERED)
    sums = bill.sums
    assert (sums.price, sums.gst, sums.total, sums.rebate, sums.out_of_pocket) == (100, 30, 130, 130, 0)
    assert [(charge.description, amounts.total) for charge, amounts in bill.rows] == [
        ("Session", 220),
        ("Report", 330),
        ("Discount", -420),
    ]
    assert charges.bill_of(lines, clinic=NOT_REGISTERED).sums.gst == 0
    nothing = charges.bill_of([], clinic=REGISTERED).sums
    assert (nothing.price, nothing.gst, nothing.total, nothing.rebate) == (0, 0, 0, 0)


def test_a_quote():
    assert told(quote()) == (220, 0, 220, D("149.05"), D("70.95"), "80010")
    assert told(quote(by=mai(own="195.00"))) == (195, 0, 195, D("149.05"), D("45.95"), "80010")
    assert told(quote(fee=D("100.00"), minutes=49)) == (100, 0, 100, 100, 0, "80000")
    assert told(quote(fee=D("0.00"))) == (0, 0, 0, 0, 0, "80010")
    assert told(quote(mode="video"))[5] == "91167"
    assert told(quote(mode="phone")) == (220, 0, 220, None, 220, None)
    assert told(quote(on=date(2026, 11, 25)))[3:] == (None, 220, None)
    assert told(quote(of=service(medicare=False)))[3:] == (None, 220, None)
    assert told(quote(by=mai(Registration.PROVISIONAL)))[3:] == (None, 220, None)
    assert told(quote(REGISTERED, of=service(tax_code=TaxCode.TAXABLE)))[:3] == (220, 22, 242)
    assert told(quote(items=[]))[3:] == (None, 220, None), "those that are given are asked, and no others"


def test_what_was_promised():
    booked = session(ends_at=START + timedelta(minutes=49), mode="in_person")
    assert told(charges.promised(booked, clinic=NOT_REGISTERED)) == (200, 0, 200, D("101.55"), D("98.45"), "80000")
    assert charges.promised(session(mode="phone"), clinic=NOT_REGISTERED).item is None
    assert charges.promised(session(), clinic=NOT_REGISTERED, items=[]).item is None
    taxed = session(of=service(tax_code=TaxCode.TAXABLE))
    assert charges.promised(taxed, clinic=REGISTERED).total == charges.price_of(taxed, clinic=REGISTERED) == 220
    assert charges.price_of(taxed, clinic=NOT_REGISTERED) == 200


def test_a_session_as_it_was_held():
    item = items()[0]
    made = charges.for_session(session(), item=item)
    assert made == Charge(
        description="Session",
        unit_price=D("200.00"),
        item_number="80010",
        benefit=D("149.05"),
        service_date=date(2026, 11, 24),
        starts_at=START,
        minutes=50,
        mode="in_person",
    )
    changed = charges.for_session(session(), item=None, fee=D("0.00"), minutes=25, mode="video")
    assert (changed.unit_price, changed.minutes, changed.mode) == (0, 25, "video")
    assert (changed.item_number, changed.benefit) == ("", 0)
    assert charges.for_session(session(of=service(tax_code="taxable")), item=None).tax_code == "taxable"
    assert charges.extra_line("Report", D("30.00"), "taxable") == Charge(
        description="Report", unit_price=D("30.00"), tax_code="taxable"
    )
    assert charges.extra_line("Tea", D("3.00")).tax_code == TaxCode.GST_FREE


def test_the_day_is_that_of_the_place():
    perth = Location(time_zone="Australia/Perth")
    late = datetime(2026, 12, 31, 15, 30, tzinfo=UTC)
    assert charges.day_of(session(starts_at=late, location=perth)) == date(2026, 12, 31)
    assert charges.day_of(session(starts_at=late)) == date(2027, 1, 1)


def test_an_item_needs_a_referral_that_counts():
    gp, other = Referral(kind=Referral.Kind.GP_PLAN), Referral(kind=Referral.Kind.OTHER)

    def item(referral, on=None, **how):
        found = charges.item_for(on or session(), referral=referral, **how)
        return found and found.item

    assert (item(gp), item(None), item(other)) == ("80010", None, None)
    assert (item(gp, minutes=49), item(gp, mode="video"), item(gp, minutes=29)) == ("80000", "91167", None)
    assert item(gp, session(of=service(medicare=False))) is None
    assert item(gp, session(by=mai(Registration.PROVISIONAL))) is None
    assert item(gp, session(starts_at=START + timedelta(days=1), ends_at=START + timedelta(days=1, minutes=50))) is None


def test_fees_for_a_session_that_was_not_held(monkeypatch):
    monkeypatch.setattr("portal.appointments.terms.services", lambda: {1: service()})
    policy = PolicySettings(pk=1, no_show_percent=80)
    late = session(status=Status.CANCELLED, late=True, late_fee_percent=50)
    fee = charges.late_fee(late, clinic=REGISTERED)
    assert (fee.purpose, fee.percent, fee.amounts.total) == (Purpose.LATE_FEE, 50, 100)
    assert fee.charge == Charge(description="Late cancellation: Session, 24 Nov 2026", unit_price=D("100.00"))
    assert charges.late_fee(session(late_fee_percent=0), clinic=REGISTERED).amounts.total == 0
    missed = session(status=Status.NO_SHOW, no_show_percent=100, of=service(tax_code="taxable"))
    fee = charges.no_show_fee(missed, clinic=REGISTERED, policy=policy)
    assert (fee.purpose, fee.percent, fee.amounts.price, fee.amounts.gst) == (Purpose.NO_SHOW, 100, 200, 20)
    assert fee.charge.description == "Missed session: Session, 24 Nov 2026"
    asked = {"clinic": NOT_REGISTERED, "policy": policy}
    assert charges.no_show_fee(session(no_show_percent=None), **asked).percent == 80
    assert charges.no_show_fee(session(no_show_percent=0), **asked).percent == 0
    assert charges.fee_due(session(status=Status.NO_SHOW), **asked).percent == 80
    policy.no_show_percent = None
    assert charges.no_show_fee(session(no_show_percent=None, late_fee_percent=30), **asked).percent == 30
    assert charges.fee_due(late, **asked).purpose == Purpose.LATE_FEE
    assert charges.fee_due(missed, **asked).purpose == Purpose.NO_SHOW
    in_time = session(status=Status.CANCELLED, late_fee_percent=50)
    free = session(status=Status.CANCELLED, late=True, late_fee_percent=0)
    assert [charges.fee_due(each, **asked) for each in (in_time, free, session())] == [None, None, None]


def test_money_before_the_session_and_off_a_line():
    ahead = charges.paid_ahead(session(of=service(tax_code="taxable")), D("100.005"))
    assert ahead == Charge(description="Paid ahead: Session, 24 Nov 2026", unit_price=D("100.01"))
    line = Line(total=D("330.00"), gst=D("30.00"))
    assert charges.gst_off(line.total, line.gst, D("110.00"), amount_off=D("0.00"), gst_taken=D("0.00")) == 10
    assert charges.gst_off(line.total, line.gst, D("220.00"), amount_off=D("110.00"), gst_taken=D("10.00")) == 20
    assert charges.gst_off(line.total, line.gst, D("0.05"), amount_off=D("0.04"), gst_taken=D("0.00")) == D("0.01")
