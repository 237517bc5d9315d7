"""A run of tests at another time: the moments, the clock that every process is shown, and who reads it."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import textwrap
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from portal.ops.management.commands.test import Words
from portal.ops.moments import SHIFT, Moment, awkward_moments, clock_shown, moment_of_the_day, read_moment

DAYS = st.dates(date(2024, 1, 1), date(2060, 12, 31))
HOUR = timedelta(hours=1)


@given(DAYS)
def test_every_awkward_moment_lies_ahead_and_is_what_it_says(today):
    sunday, friday, new_year, leap_day, back, forward, monday = (moment.at for moment in awkward_moments(today))
    assert all(moment.at.date() > today for moment in awkward_moments(today))
    assert (f"{sunday:%A %H}", f"{friday:%A %H}") == ("Sunday 21", "Friday 16")
    assert f"{new_year + HOUR:%d %B}" == "01 January"
    assert f"{leap_day:%d %B}" == "29 February"
    assert f"{monday:%d %A}" == "01 Monday"
    # An hour later by any watch: one clock shows two hours more, the other none.
    for at, shown in ((forward, 2 * HOUR), (back + HOUR, timedelta(0))):
        later = (at.astimezone(UTC) + HOUR).astimezone(at.tzinfo)
        assert later.replace(tzinfo=None) - at.replace(tzinfo=None) == shown


@given(DAYS)
def test_each_moment_has_its_turn_every_week_and_meets_every_weekday(today):
    names = {moment.name for moment in awkward_moments(today)}
    monday = today - timedelta(days=today.weekday())
    week = [moment_of_the_day(monday + timedelta(days=n)).name for n in range(7)]
    assert set(week) == names
    same_weekday = [moment_of_the_day(today + timedelta(weeks=n)).name for n in range(7)]
    assert set(same_weekday) == names


def test_words_of_ours_are_taken_and_the_rest_is_pytests():
    asked = Words.read(["e2e", "--at", "2027-04-04T01:50", "-k", "times", "--database-only"])
    assert asked.for_pytest == ["e2e", "-k", "times"]
    assert (asked.is_database_only, asked.is_at_every_moment) == (True, False)
    # Summer time still, for another seventy minutes.
    assert asked.at == Moment("as asked for", datetime(2027, 4, 3, 14, 50, tzinfo=UTC))
    assert Words.read(["--at=2027-04-04T01:50"]).at == asked.at
    assert Words.read(["--moments"]) == Words([], is_at_every_moment=True)
    with time_machine.travel(datetime(2026, 11, 29, 12, tzinfo=UTC)):
        assert Words.read(["--at", "in-turn"]).at == moment_of_the_day(date(2026, 11, 29))


@pytest.mark.parametrize("words", [["--at"], ["--at", "soon"], ["--at="], ["--at", "2027-02-29T10:00"]])
def test_no_time_is_refused(words):
    with pytest.raises(ValueError, match=r"isoformat|out of range"):
        Words.read(words)


def test_a_process_and_its_child_live_then_and_wait_as_long_as_ever():
    # Where this run itself is shown another time, the shift of its children begins at the machine's.
    real = datetime.now(UTC) - timedelta(seconds=int(os.environ.get(SHIFT, 0)))
    shown = clock_shown(read_moment("2027-04-04T01:50"), now=real, environment={})
    child = "from datetime import *; print(datetime.now(timezone.utc).isoformat())"
    script = textwrap.dedent(f"""
        import subprocess, sys, time
        from datetime import datetime, timezone
        began = time.monotonic()
        time.sleep(0.2)
        print(0.2 <= time.monotonic() - began < 20)
        print(datetime.now(timezone.utc).isoformat())
        print(subprocess.run([sys.executable, "-c", {child!r}], capture_output=True, text=True).stdout)
    """)
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, **shown}, capture_output=True, text=True, check=True
    )
    waited, *times = done.stdout.split()
    assert waited == "True"
    own, childs = (datetime.fromisoformat(words) for words in times)
    # The shift counts in whole seconds.
    assert timedelta(seconds=-1) < own - datetime(2027, 4, 3, 14, 50, tzinfo=UTC) < timedelta(minutes=5)
    assert timedelta(0) <= childs - own < timedelta(minutes=1)


ASKS_THE_TIME = {"timezone", "datetime", "date", "time", "now", "today", "localdate", "localtime"}


def test_what_is_seen_at_one_moment_alone_asks_for_no_time():
    drawings = {}
    for path in (settings.BASE_DIR / "e2e").glob("test_*.py"):
        body = ast.parse(path.read_text()).body
        whole = any("mark.drawing" in ast.unparse(node) for node in body if isinstance(node, ast.Assign))
        for test in (node for node in body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")):
            if whole or any("mark.drawing" in ast.unparse(mark) for mark in test.decorator_list):
                names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
                attributes = {node.attr for node in ast.walk(test) if isinstance(node, ast.Attribute)}
                drawings[f"{path.name}::{test.name}"] = (names | attributes) & ASKS_THE_TIME
    assert "test_look.py::test_page_is_accessible_and_keeps_its_shape" in drawings
    assert {name: asked for name, asked in drawings.items() if asked} == {}


def test_who_reads_the_clock_is_noted_and_who_fixed_it_is_not(tmp_path):
    (tmp_path / "conftest.py").write_text(
        "from pathlib import Path\nfrom tests.clock.readers import Readers\n"
        "def pytest_configure(config): config.pluginmanager.register(Readers(Path('names')))\n"
    )
    (tmp_path / "test_it.py").write_text(
        textwrap.dedent("""
            import datetime, subprocess, time
            import pytest, time_machine
            @pytest.fixture
            def today(): return datetime.date.today()
            def test_asks(): datetime.datetime.now()
            def test_asks_seconds(): time.time()
            def test_asks_in_a_fixture(today): pass
            def test_starts_a_process(): subprocess.run(["true"])
            def test_fixed():
                with time_machine.travel(0, tick=False): datetime.datetime.now()
            def test_does_not_ask(): time.monotonic()
        """)
    )
    (tmp_path / "names").mkdir()
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:django", "-p", "no:xdist", "-c", os.devnull, "--rootdir", "."],
        env={**{k: v for k, v in os.environ.items() if k != SHIFT}, "PYTHONPATH": str(settings.BASE_DIR)},
        cwd=tmp_path,
        check=True,
    )
    (noted,) = (tmp_path / "names").iterdir()
    assert noted.read_text().splitlines() == [
        f"test_it.py::test_{name}" for name in ("asks", "asks_in_a_fixture", "asks_seconds", "starts_a_process")
    ]
