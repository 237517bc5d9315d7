"""What is promised, proposed, listed and asked for is one price, wherever somebody reads it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.accounts.roles import Role
from portal.appointments.models import Status
from portal.billing import actions, charges
from portal.clinic.models import Registration, TaxCode
from portal.journeys import checking_out, pricing
from portal.policies.models import PolicySettings
from portal.reports.days import read_day
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
FEES = st.decimals(min_value=0, max_value=2000, places=2)
ONE_AFTER_ANOTHER = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None
)


@given(
    fee=FEES,
    minutes=st.sampled_from([20, 30, 49, 50, 90]),
    registration=st.sampled_from(Registration.values),
    tax_code=st.sampled_from(TaxCode.values),
    medicare=st.booleans(),
    gst_registered=st.booleans(),
    referred=st.booleans(),
)
@ONE_AFTER_ANOTHER
def test_the_price_is_one_wherever_it_is_read(
    clinic, fee, minutes, registration, tax_code, medicare, gst_registered, referred
):
    make.mbs_items()
    clinic = make.clinic(gst_registered=gst_registered)
    by = make.actor(role=Role.RECEPTION)
    service = make.service(fee=fee, minutes=minutes, tax_code=tax_code, medicare=medicare)
    psychologist = make.psychologist(registration=registration, services=(service,))
    start = NOW - timedelta(hours=2)
    on = start.date()
    card = charges.quote(service=service, psychologist=psychologist, mode="in_person", on=on, clinic=clinic)
    session = make.appointment(
        service=service, psychologist=psychologist, starts_at=start, status=Status.ARRIVED, fee=fee
    )
    if referred:
        make.referral(patient=session.patient)
    span = pricing.price_range(service=service, psychologists=[psychologist], on=on, clinic=clinic)
    [arrival] = [
        each
        for each in read_day(by, session.local_start.date(), clinic=clinic, now=NOW).arrivals
        if each.session == session
    ]
    held, claim = checking_out.as_booked(session), checking_out.claim_for(session, now=NOW)
    shown = checking_out.preview(session, held, claim=claim, clinic=clinic)
    invoice = checking_out.check_out(appointment=session, held=held, key=uuid.uuid4().hex, by=by, now=NOW)

    assert {
        card.total,
        charges.promised(session, clinic=clinic).total,
        span.lowest,
        span.highest,
        arrival.to_collect,
        shown.bill.sums.total,
        shown.to_pay,
        invoice.total,
        sum(line.total for line in invoice.lines.all()),
    } == {invoice.total}
    assert bool(invoice.gst) <= (gst_registered and tax_code == TaxCode.TAXABLE)
    assert invoice.total - invoice.gst == fee
    # The card says what a referral brings; without one nothing is claimed.
    assert invoice.rebate == shown.bill.sums.rebate == ((card.rebate or 0) if referred else 0)
    assert 0 <= invoice.rebate <= invoice.total


@given(fee=FEES, percent=st.integers(0, 100), gst_registered=st.booleans(), tax_code=st.sampled_from(TaxCode.values))
@ONE_AFTER_ANOTHER
def test_a_fee_is_asked_for_as_it_was_told(clinic, fee, percent, gst_registered, tax_code):
    clinic = make.clinic(gst_registered=gst_registered)
    cancelled = make.appointment(
        service=make.service(tax_code=tax_code),
        starts_at=NOW - timedelta(hours=2),
        status=Status.CANCELLED,
        late=True,
        fee=fee,
        late_fee_percent=percent,
    )
    told = charges.late_fee(cancelled, clinic=clinic).amounts.total
    due = charges.fee_due(cancelled, clinic=clinic, policy=PolicySettings.current())
    assert (due is None) == (told == 0)
    assert abs(told - charges.price_of(cancelled, clinic=clinic) * percent / 100) <= Decimal("0.015")
    if due:
        assert actions.bill_fee(appointment=cancelled, by=make.actor(), now=NOW).total == told
