from __future__ import annotations

import pytest

from portal.patients.clocks import zone_of_address


@pytest.mark.parametrize(
    ("state", "postcode", "zone"),
    [
        ("QLD", "4000", "Australia/Brisbane"),
        ("NSW", "2000", "Australia/Sydney"),
        ("NSW", "2880", "Australia/Broken_Hill"),
        ("NSW", "2898", "Australia/Lord_Howe"),
        ("WA", "6443", "Australia/Eucla"),
        ("WA", "", "Australia/Perth"),
        ("", "", None),
        ("", "4000", None),
    ],
)
def test_the_clock_at_an_address(state, postcode, zone):
    found = zone_of_address(state, postcode)
    assert (str(found) if found else None) == zone
