from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from portal.billing import charges
from portal.clinic.models import Registration, TaxCode
from tests import make

DAY = date(2026, 11, 24)


@pytest.fixture
def clinic(db):
    make.mbs_items()
    return make.clinic()


@pytest.mark.parametrize(
    ("registration", "minutes", "rebate", "gap"),
    [
        (Registration.CLINICAL, 50, "149.05", "70.95"),
        (Registration.CLINICAL, 49, "101.55", "118.45"),
        (Registration.GENERAL, 50, "101.55", "118.45"),
        (Registration.PROVISIONAL, 50, None, "220.00"),
    ],
)
def test_a_quote_says_what_medicare_gives_back(clinic, registration, minutes, rebate, gap):
    quote = charges.quote(
        service=make.service(fee="220.00", minutes=minutes),
        psychologist=make.psychologist(registration=registration),
        mode="in_person",
        on=DAY,
        clinic=clinic,
    )
    assert (quote.total, quote.rebate, quote.gap) == (
        Decimal("220.00"),
        None if rebate is None else Decimal(rebate),
        Decimal(gap),
    )


def test_a_rebate_is_never_more_than_the_fee(clinic):
    quote = charges.quote(
        service=make.service(fee="100.00"), psychologist=make.psychologist(), mode="video", on=DAY, clinic=clinic
    )
    assert (quote.rebate, quote.gap) == (Decimal("100.00"), Decimal("0.00"))


@pytest.mark.parametrize(("registered", "gst", "total"), [(True, "30.00", "330.00"), (False, "0.00", "300.00")])
def test_gst_is_added_only_to_taxable_services_of_a_registered_clinic(clinic, registered, gst, total):
    clinic.gst_registered = registered
    quote = charges.quote(
        service=make.service(fee="300.00", tax_code=TaxCode.TAXABLE, medicare=False),
        psychologist=make.psychologist(),
        mode="in_person",
        on=DAY,
        clinic=clinic,
    )
    assert (quote.gst, quote.total, quote.rebate) == (Decimal(gst), Decimal(total), None)


def test_a_psychologists_own_fee_is_for_the_service_that_it_was_set_for(clinic):
    session, assessment = make.service(fee="220.00"), make.service(fee="330.00")
    mai = make.psychologist()
    make.own_fee(mai, session, "195.00")
    make.own_fee(make.psychologist(), assessment, "500.00")

    def total(service):
        return charges.quote(service=service, psychologist=mai, mode="in_person", on=DAY, clinic=clinic).total

    assert (total(session), total(assessment)) == (Decimal("195.00"), Decimal("330.00"))


def test_the_late_fee_is_a_share_of_the_price_to_the_cent(clinic):
    session = make.appointment(service=make.service(fee="195.05"))
    assert charges.late_fee(session, clinic=clinic).amounts.total == Decimal("97.53")
