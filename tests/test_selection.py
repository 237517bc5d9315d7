"""Which tests a second database is asked: all that it may answer in its own way, and of a table the first case."""

from pathlib import Path

import pytest

from tests.selection import is_never_selected, journeys_for_a_second_database, selected_for_a_second_database

ROOT = Path(__file__).resolve().parents[1]


def item(nodeid, *, marks=("django_db",), fixtures=(), why=""):
    marks = {name: pytest.mark.skipif(False, reason=why).mark if name == "skipif" else name for name in marks}
    # As Pytest's own, it is told from another by being itself.
    return type("Item", (), {"nodeid": nodeid, "fixturenames": fixtures, "get_closest_marker": marks.get})()


def selected(*items):
    chosen = selected_for_a_second_database(items)
    return [one.nodeid for one in items if one in chosen]


def test_what_opens_no_database_is_left_out():
    assert selected(item("tests/billing/test_money.py::test_gst", marks=())) == []
    assert selected(item("tests/billing/test_new.py::test_it", marks=(), fixtures=("transactional_db",))) != []


def test_of_a_table_of_cases_the_first_is_asked():
    cases = [item(f"tests/billing/test_new.py::test_it[{n}]") for n in range(3)]
    other = item("tests/billing/test_new.py::test_it_too[0]")
    assert selected(*cases, other) == [cases[0].nodeid, other.nodeid]


@pytest.mark.parametrize("named", ["test_races", "test_new_guards", "test_migrations", "test_search"])
def test_what_the_database_decides_is_asked_in_every_case(named):
    cases = [item(f"tests/billing/{named}.py::test_it[{n}]") for n in range(3)]
    assert len(selected(*cases)) == 3


def test_what_runs_on_one_kind_of_database_alone_is_never_left_out():
    name, marks = "tests/web/reception/test_runs.py", ("skipif", "django_db")
    cases = [item(f"{name}::test_it[{n}]", marks=marks, why="SQLite has one writer") for n in range(3)]
    assert len(selected(*cases)) == 3
    assert selected(item(f"{name}::test_it", marks=marks, why="Linux has it")) == []
    for name in ("tests/web/reception/test_runs.py", "tests/web/reception/test_invoices.py"):
        assert not is_never_selected(ROOT / name, name)


def test_a_page_that_only_draws_is_not_even_read():
    name = "tests/web/reception/test_access.py"
    assert is_never_selected(ROOT / name, name)
    assert selected(item(f"{name}::test_it")) == []


def test_of_a_journey_in_a_browser_the_first_test_is_asked_and_all_that_two_do_at_once():
    names = ["booking.py::test_first", "booking.py::test_second", "two_tabs.py::test_first", "two_tabs.py::test_second"]
    items = [item(f"e2e/test_{name}") for name in names]
    drawn = item("e2e/test_article.py::test_first", marks=("look",))
    chosen = [*journeys_for_a_second_database([drawn, *items])]
    assert chosen == [items[0], items[2], items[3]]


@pytest.mark.parametrize(
    ("name", "is_read"),
    [
        ("tests/common/text/test_markdown.py", False),
        ("tests/records/test_models.py", True),  # tests/records/conftest.py opens one
        ("tests/billing/test_races.py", True),
    ],
)
def test_a_file_that_opens_no_database_is_not_even_read(name, is_read):
    assert is_never_selected(ROOT / name, name) is not is_read
