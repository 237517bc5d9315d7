"""Which tests go first, and which are passed again on a second database.

A test that opens a database runs on both. It is left out on the second where

- it asks for a page that only draws (`_PAGES`, but for `PAGES_THAT_ASK`), or for what no database changes
  (`SAME_ON_EVERY_ONE`, each with its reason);
- it is one more case of a table: the first has gone the same way to the same queries. What the database itself decides
  is asked in every case (`EVERY_CASE`): a file that is named for races, guards, migrations or searching is one such.

What runs on one kind of database alone (`skipif`) is never left out. Values that Hypothesis makes up come in tens, not
in hundreds (`FEW_EXAMPLES`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

# Those that start processes, set a demo up, knock at every door or live through much take longest. They go first:
# whoever is done takes over from the others, and nobody is left at the end with a minute's work alone.
SLOWEST = (
    "tests/ops/",
    "tests/test_visitors.py",
    "tests/notifications/test_killed_workers.py",
    "tests/appointments/test_openings_reference.py",
    "tests/appointments/test_openings.py::test_agrees",
    "tests/appointments/test_races.py::test_one_time",
    "tests/billing/test_histories.py",
    "tests/web/manager/test_rights.py",
    "tests/web/reception/test_access.py::test_no_address",
    "tests/web/test_forms_outlast_sessions.py",
    "tests/web/test_query_counts.py",
)


def takes_long(item: pytest.Item) -> bool:
    return item.nodeid.startswith(SLOWEST)


# Pages draw what the rooms below them answer, and the rooms' own tests run on every database. On a second one these
# run too: pages that search, filter, sort, count or write by themselves, each of them once with many rows. Every page
# is opened there at least once, by tests/test_visitors.py.
_PAGES = "tests/web/"
PAGES_THAT_ASK = (
    "tests/web/test_once.py",
    "tests/web/manager/test_articles.py",
    "tests/web/manager/test_downloads.py",
    "tests/web/manager/test_mail.py",
    "tests/web/manager/test_pages.py::test_a_list_costs_the_same_whatever_its_length",
    "tests/web/manager/test_staff.py",
    "tests/web/manager/test_trail.py",
    "tests/web/patient/test_appointments.py",
    "tests/web/patient/test_documents.py",
    "tests/web/patient/test_invoices.py",
    "tests/web/psychologist/test_hours.py",
    "tests/web/psychologist/test_notes.py",
    "tests/web/psychologist/test_patients.py",
    "tests/web/psychologist/test_resources.py",
    "tests/web/public/test_blog.py",
    "tests/web/public/test_booking.py",
    "tests/web/public/test_resources.py",
    "tests/web/public/test_ways_of_meeting.py",
    "tests/web/reception/test_booking.py",
    "tests/web/reception/test_checkout.py",
    "tests/web/reception/test_invoices.py",
    "tests/web/reception/test_patients.py",
    "tests/web/reception/test_today.py",
    "tests/web/test_stale_pages.py",
)
# What no other database changes, though a test of it opens one.
SAME_ON_EVERY_ONE = (
    # The demo refuses any database but its own SQLite file.
    "tests/ops/test_demo",
    # It times the hashing of passwords.
    "tests/accounts/test_same_answer.py::test_same_time",
    # Tries are counted in memory here; where the database counts them, test_limits_hold_on_the_shared_cache asks it.
    "tests/accounts/test_limits.py::test_a_known_device_is",
    "tests/accounts/test_limits.py::test_a_mailbox_is_not_flooded",
    "tests/accounts/test_limits.py::test_saying_again_who_one_is",
    "tests/accounts/test_limits.py::test_strangers_from_many_places",
    "tests/accounts/test_limits.py::test_the_link_that_was_mailed_before",
    "tests/accounts/test_limits.py::test_whoever_has_the_password",
    # What is on a paper is drawn from rows that the tests of invoices, takings and credits read.
    "tests/billing/test_paper.py",
    "tests/billing/test_papers_as_a_set.py",
    "tests/billing/test_receipt_paper.py",
    "tests/billing/test_statements.py::test_a_statement_on_paper",
    # Signals and processes; what killed ones leave in the queue's tables is tests/notifications/test_killed_workers.py.
    "tests/ops/test_gunicorn.py",
    "tests/ops/test_worker.py::test_cluster_whose_first_process",
    "tests/ops/test_worker.py::test_deadlocked_cluster",
    "tests/ops/test_worker.py::test_killed_worker",
    "tests/ops/test_worker.py::test_signal_to_the_whole_group",
    # Words that are typed and refused, before or after the setting up that the others of the file do.
    "tests/ops/test_setup.py::test_setup_asks_until",
    "tests/ops/test_setup.py::test_setup_refuses",
    # Words for what is recorded.
    "tests/web/manager/test_trail.py::test_every_verb",
    # Which roles come in is decided before the page asks for anything.
    "tests/web/manager/test_articles.py::test_article_access",
    "tests/web/manager/test_articles.py::test_list_access",
    "tests/web/manager/test_articles.py::test_shelf_access",
    "tests/web/manager/test_downloads.py::test_only_managers_come_in",
    "tests/web/psychologist/test_resources.py::test_other_roles_are_not_let_in",
    "tests/web/reception/test_invoices.py::test_who_may_look",
    "tests/web/reception/test_invoices.py::test_who_may_take_and_give_money",
)


# Each case is a question to the database itself: who of two comes first, what it refuses, what it makes of rows that
# stand there, and how it compares letters, numbers and times.
_DECIDED_BY_THE_DATABASE = re.compile(r"test_\w*(races|guards|migrations|overlap|search|finding|found|chain|integers)")
EVERY_CASE = ()
# One way of looking, at each guard in turn.
FIRST_CASE_ALONE = ("tests/common/test_guards.py",)
# What a second database would trip over comes up in the first of made-up values, or has a test of its own.
FEW_EXAMPLES = 10
# What such a mark says of when it skips, or why.
_OF_A_DATABASE = re.compile("sqlite|postgresql", re.IGNORECASE)
# A file without any of these words opens no database by itself.
_OPENS_ONE = re.compile(r"django_db|transactional_db|live_server|admin_client|admin_user|\bdb\b")

# ---- In a browser ----

# A journey goes through pages whose rules and queries the tests above ask; its first test shows that server, queue and
# database work together. Where two people act at once, all of a file.
_TWO_AT_ONCE = "e2e/test_two_"
# Journeys about what a browser does with the page itself: a long form, a language, a list of times.
SAME_IN_A_BROWSER = ("e2e/test_languages.py", "e2e/test_series.py", "e2e/test_times.py")


def journeys_for_a_second_database(items: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
    files: set[str] = set()
    for item in items:
        file = item.nodeid.partition("::")[0]
        if item.get_closest_marker("look") or file.startswith(SAME_IN_A_BROWSER):
            continue
        if file not in files or file.startswith(_TWO_AT_ONCE):
            yield item
        files.add(file)


# ---- Without one ----


def selected_for_a_second_database(items: Iterable[pytest.Item]) -> set[pytest.Item]:
    tables: set[str] = set()
    selected = set()
    for item in items:
        if runs_on_one_kind_alone(item):
            selected.add(item)
        elif may_differ_by_database(item):
            table = item.nodeid.partition("[")[0]
            if asks_in_every_case(item.nodeid) or table not in tables:
                selected.add(item)
            tables.add(table)
    return selected


def runs_on_one_kind_alone(item: pytest.Item) -> bool:
    skipped = item.get_closest_marker("skipif")
    return skipped is not None and bool(_OF_A_DATABASE.search(f"{skipped.args} {skipped.kwargs}"))


def asks_in_every_case(nodeid: str) -> bool:
    if nodeid.startswith(EVERY_CASE):
        return True
    return bool(_DECIDED_BY_THE_DATABASE.search(nodeid.partition("::")[0])) and not nodeid.startswith(FIRST_CASE_ALONE)


def is_never_selected(file: Path, name: str) -> bool:
    """Whether a file of tests need not even be read for a second database; `name` is its path from the checkout."""
    text = file.read_text()
    if name.startswith(_PAGES) and not any(page.partition("::")[0] == name for page in PAGES_THAT_ASK):
        return "skipif" not in text
    # Fixtures that open one could come from beside it, or from a folder above; those of all tests open none.
    beside = file.parents[: len(Path(name).parts) - 2]
    return not _OPENS_ONE.search(text) and not any((folder / "conftest.py").exists() for folder in beside)


def may_differ_by_database(item: pytest.Item) -> bool:
    """Whether a test is worth passing on a second database."""
    if item.nodeid.startswith(_PAGES) and not item.nodeid.startswith(PAGES_THAT_ASK):
        return False
    if item.nodeid.startswith(SAME_ON_EVERY_ONE):
        return False
    # What opens none differs on none.
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool(item.get_closest_marker("django_db") or fixtures & {"db", "transactional_db"})
