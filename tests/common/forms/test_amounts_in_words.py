"""What is wrong with an amount is said for itself, so that whoever typed it knows what to change."""

import pytest
from django.core.exceptions import ValidationError

from portal.common.forms.numbers import MoneyField

SPACED = "Write the amount without a space beside the point, such as 220.50."
GROUPED = "Write cents after a point, such as 220.50, and a comma only before three digits, as in 1,234."


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("220 .50", SPACED),
        ("220. 50", SPACED),
        ("$ 1,220 . 50", SPACED),
        ("220\u00a0.50", SPACED),
        ("220 50", GROUPED),
        ("220,50", GROUPED),
        ("2 20", GROUPED),
        ("220 , 50", GROUPED),
        ("220.505", "Write dollars and cents, such as 220.50."),
        ("-5", "This amount can't be below zero."),
        ("-$0.01", "This amount can't be below zero."),
        ("five", "Write an amount in dollars, such as 220 or 220.50."),
    ],
)
def test_what_is_wrong_with_an_amount(typed, said):
    with pytest.raises(ValidationError) as refused:
        MoneyField(label="Fee").clean(typed)
    assert refused.value.messages == [said]
