"""Which tests go first, and which are passed again on a second database."""

from __future__ import annotations

import pytest

# Those that start processes, set a demo up or knock at every door take longest. They go first: whoever is done takes
# over from the others, and nobody is left at the end with a minute's work alone.
_SLOWEST = ("tests/ops/", "tests/test_visitors.py", "tests/notifications/test_killed_workers.py")


def takes_long(item: pytest.Item) -> bool:
    return item.nodeid.startswith(_SLOWEST)


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
    "tests/web/psychologist/test_calendar.py",
    "tests/web/psychologist/test_hours.py",
    "tests/web/psychologist/test_notes.py",
    "tests/web/psychologist/test_patients.py",
    "tests/web/psychologist/test_resources.py",
    "tests/web/psychologist/test_today.py",
    "tests/web/public/test_blog.py",
    "tests/web/public/test_booking.py",
    "tests/web/public/test_people.py",
    "tests/web/public/test_resources.py",
    "tests/web/public/test_ways_of_meeting.py",
    "tests/web/reception/test_booking.py",
    "tests/web/reception/test_calendar.py",
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
    # Which roles come in is decided before the page asks for anything.
    "tests/web/manager/test_articles.py::test_article_access",
    "tests/web/manager/test_articles.py::test_list_access",
    "tests/web/manager/test_articles.py::test_shelf_access",
    "tests/web/manager/test_downloads.py::test_only_managers_come_in",
    "tests/web/psychologist/test_resources.py::test_other_roles_are_not_let_in",
    "tests/web/reception/test_invoices.py::test_who_may_look",
    "tests/web/reception/test_invoices.py::test_who_may_take_and_give_money",
)


def may_differ_by_database(item: pytest.Item) -> bool:
    """Whether a test is worth passing on a second database."""
    if item.nodeid.startswith(_PAGES) and not item.nodeid.startswith(PAGES_THAT_ASK):
        return False
    if item.nodeid.startswith(SAME_ON_EVERY_ONE):
        return False
    # What opens none differs on none.
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool(item.get_closest_marker("django_db") or fixtures & {"db", "transactional_db"})
