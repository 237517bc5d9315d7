from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import DataError, connection

from portal.common.database.timestamps import QuickTimes

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="only PostgreSQL's driver is asked"),
]


def read(written):
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [written])
        return cursor.fetchone()[0]


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 28, 21, 0, tzinfo=UTC),
        datetime(2026, 11, 28, 21, 0, 0, 500_000, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 4, 5, 2, 30, tzinfo=timezone(timedelta(hours=10, minutes=30))),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, tzinfo=UTC),
    ],
)
def test_times_come_back_as_they_went_in(moment):
    found = read(moment)
    assert (found, found.tzinfo) == (moment, UTC)


def test_every_connection_reads_them_so():
    with connection.cursor() as cursor:
        loader = cursor.connection.adapters.get_loader(cursor.connection.adapters.types["timestamptz"].oid, 0)
    assert loader is QuickTimes


def test_a_zone_of_the_connection_is_brought_to_utc():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL timezone = 'Australia/Adelaide'")
    found = read("2026-11-28 21:00:00+00")
    assert (found, found.tzinfo) == (datetime(2026, 11, 28, 21, 0, tzinfo=UTC), UTC)


@pytest.mark.parametrize("written", ["infinity", "0044-03-15 00:00:00+00 BC"])
def test_what_python_has_no_time_for_is_an_error_as_before(written):
    with pytest.raises(DataError, match="timestamp too"):
        read(written)


def test_nothing_stays_nothing():
    assert read(None) is None
