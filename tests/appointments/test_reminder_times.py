"""Exactly right times: a table over both changes of the clock in Victoria, for people who live elsewhere.

Clocks went forward on 4 October 2026 at 2:00 am, and go back on 4 April 2027 at 3:00 am (Summer Time Act 1972, Vic).
In South Australia the same; on Lord Howe Island by half an hour; not at all in Perth and Brisbane; in London they went
back on 25 October 2026, and go forward on 28 March 2027.
"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.appointments.reminder_times import Quiet, planned, reminded_at

MELBOURNE = ZoneInfo("Australia/Melbourne")
NIGHT = Quiet(begins=time(21), ends=time(8))
ZONES = {
    "Melbourne": MELBOURNE,
    "Perth": ZoneInfo("Australia/Perth"),
    "Brisbane": ZoneInfo("Australia/Brisbane"),
    "Adelaide": ZoneInfo("Australia/Adelaide"),
    "Lord Howe": ZoneInfo("Australia/Lord_Howe"),
    "London": ZoneInfo("Europe/London"),
}


def at(zone, written):
    return datetime.fromisoformat(written).replace(tzinfo=ZONES[zone])


# Where the reader lives; when the session starts, on Melbourne's clock; how many hours before; when they are reminded,
# on their own clock.
TABLE = [
    # Over the change forward: the day before, at the same hour, is 23 hours before.
    ("Melbourne", "2026-10-04T10:00", 24, "2026-10-03T10:00"),
    ("Perth", "2026-10-04T15:00", 24, "2026-10-03T13:00"),
    ("Brisbane", "2026-10-04T10:00", 24, "2026-10-03T10:00"),
    ("Adelaide", "2026-10-04T10:00", 24, "2026-10-03T09:30"),
    ("Lord Howe", "2026-10-04T10:00", 24, "2026-10-03T10:30"),
    ("London", "2026-10-04T19:30", 24, "2026-10-03T10:30"),
    # Two days, and the week after: the readers' own clocks have not changed in Perth and Brisbane.
    ("Melbourne", "2026-10-05T10:00", 48, "2026-10-03T10:00"),
    ("Perth", "2026-10-05T15:00", 24, "2026-10-04T12:00"),
    ("Brisbane", "2026-10-05T10:00", 24, "2026-10-04T09:00"),
    # Two hours are two hours, also where they hold the change.
    ("Melbourne", "2026-10-04T10:00", 2, "2026-10-04T08:00"),
    ("Brisbane", "2026-10-04T11:30", 2, "2026-10-04T08:30"),
    ("Adelaide", "2026-10-04T11:00", 2, "2026-10-04T08:30"),
    # Over the change back: the day before is 25 hours before.
    ("Melbourne", "2027-04-04T10:00", 24, "2027-04-03T10:00"),
    ("Perth", "2027-04-04T15:00", 24, "2027-04-03T12:00"),
    ("Brisbane", "2027-04-04T10:00", 24, "2027-04-03T09:00"),
    ("Adelaide", "2027-04-04T10:00", 24, "2027-04-03T09:30"),
    ("Lord Howe", "2027-04-04T10:00", 24, "2027-04-03T10:00"),
    ("London", "2027-04-04T19:30", 24, "2027-04-03T09:30"),
    # In the reader's night it comes in their morning, if that is early enough; else the evening before.
    ("Perth", "2026-12-01T09:00", 24, "2026-11-30T08:00"),
    ("London", "2026-12-01T09:00", 24, "2026-11-30T08:00"),
    ("Melbourne", "2026-12-01T07:00", 24, "2026-11-30T08:00"),
    ("Melbourne", "2026-12-01T08:30", 2, "2026-11-30T20:59"),
    # The night of the change itself: the morning comes an hour sooner, or later.
    ("Melbourne", "2026-10-05T07:00", 24, "2026-10-04T08:00"),
    ("Melbourne", "2027-04-05T07:00", 24, "2027-04-04T08:00"),
    # An hour that does not come, and one that comes twice.
    ("Melbourne", "2026-10-05T02:30", 24, "2026-10-04T08:00"),
    ("Melbourne", "2027-04-05T02:30", 24, "2027-04-04T08:00"),
]


@pytest.mark.parametrize(("where", "starts", "hours", "told"), TABLE, ids=lambda value: str(value))
def test_the_table(where, starts, hours, told):
    starts_at = at("Melbourne", starts)
    last = starts_at - timedelta(hours=min(hours, 12) / 2)
    found = reminded_at(starts_at, hours=hours, zone=MELBOURNE, quiet=NIGHT, reader_zone=ZONES[where], last=last)
    assert found.astimezone(ZONES[where]).replace(tzinfo=None) == datetime.fromisoformat(told)


@pytest.mark.parametrize(
    ("begins", "ends", "quiet", "loud"),
    [
        (time(21), time(8), [time(21), time(23, 59), time(0), time(7, 59)], [time(8), time(20, 59)]),
        (time(12), time(13), [time(12), time(12, 59)], [time(11, 59), time(13)]),
        (time(9), time(9), [], [time(9), time(0)]),
    ],
)
def test_quiet_hours(begins, ends, quiet, loud):
    hours = Quiet(begins=begins, ends=ends)
    assert all(each in hours for each in quiet)
    assert not any(each in hours for each in loud)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)),  # noqa: DTZ001
    st.sampled_from([1, 2, 12, 24, 36, 48, 72, 168]),
    st.sampled_from(sorted(ZONES)),
    st.sampled_from(sorted(ZONES)),
)
def test_never_in_the_night_and_never_long_before(starts, hours, place, where):
    starts_at = starts.replace(tzinfo=UTC)
    zone, reader = ZONES[place], ZONES[where]
    last = starts_at - timedelta(hours=min(hours, 12) / 2)
    found = reminded_at(starts_at, hours=hours, zone=zone, quiet=NIGHT, reader_zone=reader, last=last)
    assert found.astimezone(reader).time() not in NIGHT
    assert found < starts_at
    # A night is eleven hours, and an hour longer where clocks go back in it.
    assert abs(found - planned(starts_at, hours=hours, zone=zone)) <= timedelta(hours=12, minutes=1)
