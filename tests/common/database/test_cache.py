"""The cache in the database does what Django's own does, in one statement a write."""

import random
import warnings
from datetime import timedelta

import pytest
from django.core.cache import CacheKeyWarning
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.common.database.cache import DatabaseCache

pytestmark = pytest.mark.django_db


@pytest.fixture
def cache(monkeypatch):
    """Never at the write that culls."""
    monkeypatch.setattr(random, "randrange", lambda _of: 1)
    return DatabaseCache("portal_cache", {"OPTIONS": {"MAX_ENTRIES": 3}})


def test_set_get_and_overwrite(cache):
    cache.set("one", {"a": [1, None]})
    cache.set("one", "two")
    assert (cache.get("one"), cache.get("other", "nothing")) == ("two", "nothing")


def test_add_is_for_the_first_alone(cache):
    assert cache.add("one", 1)
    assert not cache.add("one", 2)
    assert cache.get("one") == 1


def test_what_ran_out_may_be_added_again(cache, time_machine):
    assert cache.add("one", 1, timeout=60)
    time_machine.move_to(timezone.now() + timedelta(seconds=62))
    assert cache.get("one") is None
    assert cache.add("one", 2, timeout=60)
    assert cache.get("one") == 2


@pytest.mark.parametrize("timeout", [None, 0, 60])
def test_how_long_it_stays(cache, timeout):
    cache.set("one", 1, timeout=timeout)
    assert cache.get("one") == (None if timeout == 0 else 1)


def test_counting_up(cache):
    cache.add("one", 1)
    assert [cache.incr("one"), cache.incr("one", 5)] == [2, 7]
    with pytest.raises(ValueError, match="not found"):
        cache.incr("other")


def test_one_statement_a_write(cache):
    for write in (cache.set, cache.add, cache.add):
        with CaptureQueriesContext(connection) as run:
            write("one", 1)
        assert [q["sql"].split()[0] for q in run if "SAVEPOINT" not in q["sql"]] == ["INSERT"]


def test_it_is_culled_now_and_then(cache, monkeypatch):
    for n in range(10):
        cache.set(f"key-{n}", n)
    assert sum(cache.get(f"key-{n}") is not None for n in range(10)) == 10
    monkeypatch.setattr(random, "randrange", lambda _of: 0)
    cache.set("last", 1)
    assert cache.get("last") == 1
    assert sum(cache.get(f"key-{n}") is not None for n in range(10)) < 10


def test_what_the_database_refuses_is_not_kept_and_nothing_else_is_lost(cache):
    """As Django's own: a page is not lost for what would have made the next one quicker."""
    cache.set("one", 1)
    refused = "too long for the column" * 100 if connection.vendor == "postgresql" else "one"
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("CREATE TRIGGER full BEFORE INSERT ON portal_cache BEGIN SELECT RAISE(ABORT, 'full'); END")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CacheKeyWarning)
        cache.set(refused, 2)
        assert not cache.add(refused, 2)
    # The transaction around it goes on.
    assert cache.get("one") == 1
