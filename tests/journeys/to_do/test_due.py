from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from portal.journeys.to_do.due import noon_or_five

MELBOURNE = ZoneInfo("Australia/Melbourne")


@pytest.mark.parametrize(
    ("moment", "due"),
    [
        ("2026-11-24T00:00", "2026-11-24T12:00"),
        ("2026-11-24T12:00", "2026-11-24T12:00"),
        ("2026-11-24T12:01", "2026-11-24T17:00"),
        ("2026-11-24T17:01", "2026-11-25T12:00"),
        # Clocks go forward on that night, and back on this one.
        ("2026-10-03T18:00", "2026-10-04T12:00"),
        ("2027-04-03T18:00", "2027-04-04T12:00"),
        ("2026-12-31T23:59", "2027-01-01T12:00"),
    ],
)
def test_the_next_noon_or_five(moment, due):
    at = datetime.fromisoformat(moment).replace(tzinfo=MELBOURNE)
    expected = datetime.fromisoformat(due).replace(tzinfo=MELBOURNE)
    assert noon_or_five(at, MELBOURNE) == expected
    # Whatever the clock of whoever asks.
    assert noon_or_five(at.astimezone(ZoneInfo("UTC")), MELBOURNE) == expected
