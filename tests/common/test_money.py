"""Cents: rounded half up, one tenth, one eleventh, and Medicare's five cents."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.common.money import cents, dollars, gst_included, gst_on, in_cents, up_to_five_cents

amounts = st.decimals(min_value=-100_000, max_value=100_000, places=2)


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [
        ("0.005", "0.01"),
        ("0.0049999", "0.00"),
        ("1.005", "1.01"),
        ("2.675", "2.68"),
        ("-0.005", "-0.01"),
        ("3", "3.00"),
    ],
)
def test_cents_round_half_up(exact, rounded):
    assert str(cents(exact)) == rounded


@pytest.mark.parametrize(
    ("price", "gst"),
    [("330.00", "33.00"), ("0.05", "0.01"), ("0.04", "0.00"), ("99.95", "10.00"), ("-20.05", "-2.01"), ("0", "0.00")],
)
def test_gst_is_a_tenth(price, gst):
    assert str(gst_on(Decimal(price))) == gst


@given(amounts)
def test_gst_is_within_half_a_cent_of_a_tenth(price):
    assert abs(gst_on(price) - price / 10) <= Decimal("0.005")


@given(amounts)
def test_gst_added_is_the_gst_found(price):
    """What is added to a price is what an eleventh of the sum takes out again, to the cent."""
    assert abs(gst_included(price + gst_on(price)) - gst_on(price)) <= Decimal("0.01")


# Fee and benefit as published (domain facts 3.1.2).
PUBLISHED = [
    ("44.50", "37.85"),
    ("82.40", "70.05"),
    ("30.45", "25.90"),
    ("41.50", "35.30"),
    ("161.20", "137.05"),
    ("160.40", "136.35"),
    ("175.30", "149.05"),
    ("119.45", "101.55"),
]


@pytest.mark.parametrize(("fee", "benefit"), PUBLISHED)
def test_benefit_is_85_percent_up_to_five_cents(fee, benefit):
    assert str(up_to_five_cents(Decimal(fee) * Decimal("0.85"))) == benefit


@given(st.decimals(min_value=0, max_value=10_000, places=4))
def test_five_cents_up_is_the_least_that_is_enough(amount):
    rounded = up_to_five_cents(amount)
    assert rounded % Decimal("0.05") == 0
    assert amount <= rounded < amount + Decimal("0.05")


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("1234.5", "$1,234.50"),
        ("-5", "-$5.00"),
        ("0", "$0.00"),
        ("-0.004", "$0.00"),
        ("1000000", "$1,000,000.00"),
        (None, ""),
        ("", ""),
    ],
)
def test_dollars(amount, written):
    assert dollars(amount) == written


@given(amounts)
def test_in_cents_is_exact(amount):
    assert Decimal(in_cents(amount)) / 100 == amount
    assert isinstance(in_cents(amount), int)
