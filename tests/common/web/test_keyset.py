"""Pages that begin after a row, on rows of which many are alike."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.accounts.models import User
from portal.common.web.keyset import page_of
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    """Thirteen people of three last names, made in no order."""
    for n in range(13):
        make.user(email=f"{n:02d}@example.com", last_name="BAC"[n % 3])
    return User.objects.all()


def walk(people, *, order, size, page=""):
    """Every page from the first to the last, then back again."""
    onward, back = [], []
    current = page_of(people, order=order, page=page, size=size, marker="email")
    onward.append(current)
    while current.after:
        current = page_of(people, order=order, page=current.after, size=size, marker="email")
        onward.append(current)
    while current.before:
        current = page_of(people, order=order, page=current.before, size=size, marker="email")
        back.append(current)
    return onward, back


@pytest.mark.parametrize("order", ["last_name", "-last_name", "email", "-created_at"])
@pytest.mark.parametrize("size", [1, 2, 4, 5, 12, 13, 14])
def test_every_row_is_met_once_on_the_way_and_once_on_the_way_back(people, order, size):
    sign, field = ("-", order[1:]) if order[0] == "-" else ("", order)
    wanted = list(people.order_by(f"{sign}{field}", f"{sign}pk"))
    onward, back = walk(people, order=order, size=size)
    assert [row for page in onward for row in page] == wanted
    assert [page.rows for page in back] == [page.rows for page in onward[-2::-1]]
    assert (onward[0].before, onward[-1].after) == ("", "")
    assert all(page.before and page.after for page in onward[1:-1])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from("ABCD"), max_size=9), st.integers(1, 4), st.booleans())
def test_any_rows_in_any_pages(db, names, size, falling):
    User.objects.all().delete()
    for n, name in enumerate(names):
        User.objects.create(email=f"{n}@example.com", last_name=name)
    sign = "-" if falling else ""
    onward, _ = walk(User.objects.all(), order=f"{sign}last_name", size=size)
    assert [row for page in onward for row in page] == list(User.objects.order_by(f"{sign}last_name", f"{sign}pk"))


@pytest.mark.parametrize(
    "page",
    ["", "1", "2", "after", "after-", "after-nobody@example.com", "beside-03@example.com", "after-\x00", "after--"],
)
def test_a_name_that_cannot_be_read_is_the_first_page(people, page):
    found = page_of(people, order="email", page=page, size=3, marker="email")
    assert [row.email for row in found] == ["00@example.com", "01@example.com", "02@example.com"]
    assert (found.before, found.after) == ("", "after-02@example.com")


def test_a_short_page_at_the_beginning_is_filled(people):
    found = page_of(people, order="email", page="before-02@example.com", size=5, marker="email")
    assert [row.email[:2] for row in found] == ["00", "01", "02", "03", "04"]
    assert not found.before


def test_nothing_after_is_the_first_page(people):
    found = page_of(people, order="email", page="after-12@example.com", size=5, marker="email")
    assert [row.email[:2] for row in found] == ["00", "01", "02", "03", "04"]


def test_a_row_outside_what_one_sees_names_nothing(people):
    hidden = people.exclude(email="05@example.com")
    found = page_of(hidden, order="email", page="after-05@example.com", size=2, marker="email")
    assert [row.email[:2] for row in found] == ["00", "01"]


def test_a_row_that_a_filter_leaves_out_still_names_its_place(people):
    some = people.exclude(email="05@example.com")
    found = page_of(some, order="email", page="after-05@example.com", size=2, marker="email", among=people)
    assert [row.email[:2] for row in found] == ["06", "07"]


def test_rows_that_come_in_between_disturb_nothing(people):
    first = page_of(people, order="email", page="", size=3, marker="email")
    User.objects.create(email="0000@example.com", created_at=first.rows[0].created_at - timedelta(days=1))
    second = page_of(people, order="email", page=first.after, size=3, marker="email")
    assert [row.email[:2] for row in second] == ["03", "04", "05"]


@pytest.mark.parametrize("page", ["", "after-06@example.com", "before-06@example.com"])
def test_three_queries_at_most_and_nothing_counted_or_skipped(people, page):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        page_of(people, order="-last_name", page=page, size=3, marker="email")
    assert len(queries) <= 3
    for query in queries:
        assert "COUNT(" not in query["sql"]
        assert "OFFSET" not in query["sql"]
        assert "LIMIT" in query["sql"]
