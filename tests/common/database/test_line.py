"""What a connection and a process know of their line to PostgreSQL."""

import time
from types import SimpleNamespace

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError, ProgrammingError, connection
from django.test import RequestFactory

from portal.common.database.postgresql import line as lines
from portal.common.database.postgresql.line import Line, is_outage
from portal.common.web import outage

on_postgres = pytest.mark.skipif("postgres" not in settings.DATABASES["default"]["ENGINE"], reason="SQLite has no line")


def refused(state=None):
    problem = psycopg.errors.lookup(state)("said no") if state else psycopg.OperationalError("gone")
    wrapped = OperationalError("gone")
    wrapped.__cause__ = problem
    return wrapped


@pytest.mark.parametrize(
    ("problem", "found"),
    [
        (refused(), True),
        (refused("57P01"), True),
        (refused("57P03"), True),
        (refused("08006"), True),
        (refused("53300"), True),
        (refused("40P01"), False),
        (refused("55P03"), False),
        (ProgrammingError("no such table"), False),
        (OperationalError("database is locked"), False),
        (ValueError("x"), False),
        (None, False),
    ],
)
def test_what_an_outage_is(problem, found):
    assert is_outage(problem) is found


def test_while_it_is_down_one_tries_and_nobody_waits(monkeypatch):
    clock, tries = SimpleNamespace(now=100.0), []
    monkeypatch.setattr(lines, "monotonic", lambda: clock.now)

    def fails():
        tries.append(clock.now)
        raise psycopg.OperationalError("gone")

    line = Line()
    assert line.is_up(fails)
    line.fell()
    for _ in range(50):
        assert not line.is_up(fails)
        clock.now += 0.1
    assert 8 <= len(tries) <= 11
    clock.now += 1
    assert line.is_up(lambda: tries.append("came back"))
    assert line.is_up(fails)
    assert tries[-1] == "came back"


@pytest.mark.parametrize(("path", "language"), [("/", "en"), ("/vi/", "vi"), ("/ar/blog/", "ar"), ("/zh-hans/", "zh")])
def test_the_page_is_in_the_readers_language_and_asks_no_database(path, language):
    answer = outage.unavailable(RequestFactory().get(path))
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert f'<html lang="{language}' in answer.content.decode()
    assert ("be reached for a moment" in answer.content.decode()) is (language == "en")


@pytest.mark.parametrize(("path", "accepts"), [("/healthz", "*/*"), ("/reception/", "application/json")])
def test_programs_get_an_answer_that_they_read(path, accepts):
    answer = outage.unavailable(RequestFactory().get(path, headers={"Accept": accepts}))
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/json")


@on_postgres
@pytest.mark.django_db
def test_a_slow_statement_is_no_outage():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(4)")
        assert cursor.fetchone() == ("",)


@on_postgres
@pytest.mark.django_db(transaction=True)
def test_patience_ends(monkeypatch):
    monkeypatch.setattr(lines.patience, "seconds", 2.0)
    began = time.monotonic()
    with pytest.raises(OperationalError) as caught, connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(30)")
    assert time.monotonic() - began < 6
    assert is_outage(caught.value)
    connection.close()
    with connection.cursor() as cursor:
        # The server still sleeps for nobody.
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(30)'")
