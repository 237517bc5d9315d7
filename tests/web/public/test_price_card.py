from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

from django.template.loader import render_to_string
from django.utils.translation import override


def test_the_rebates_minus_stands_before_the_amount_in_arabic_too():
    """A minus has no direction of its own: between right-to-left words it would be drawn behind the amount."""
    quote = SimpleNamespace(
        fee=Decimal(220), gst=0, rebate=Decimal("149.05"), gap=Decimal("70.95"), item=SimpleNamespace(item="80010")
    )
    with override("ar"):
        card = render_to_string("components/_price_card.html", {"quote": quote})
    assert "\u2066-$149.05\u2069" in card
