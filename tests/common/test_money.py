"""Cents: rounded half up, one tenth, one eleventh, and Medicare's five cents."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.common.money import cents, dollars, gst_on, in_cents

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
