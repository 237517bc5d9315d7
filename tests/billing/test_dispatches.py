"""What went out of an invoice never changes, and nobody is reminded more often than every seven days."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from portal.billing import actions
from portal.billing.actions import dispatching
from portal.billing.models import Dispatch
from tests import make
from tests.billing.conftest import Books

pytestmark = pytest.mark.django_db


@pytest.fixture
def books():
    make.clinic()
    return Books()


def written(books, invoice, *, what=Dispatch.What.REMINDED, days=0.0, run=None):
    made_at = books.now + timedelta(days=days)
    return Dispatch.objects.create(invoice=invoice, what=what, run=run or uuid.uuid4(), made_at=made_at)


def refused(do):
    with pytest.raises(IntegrityError), transaction.atomic():
        do()


def run_sql(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE billing_dispatch SET what = 'printed'",
        "UPDATE billing_dispatch SET made_by_id = NULL, made_at = '2026-01-01'",
        "DELETE FROM billing_dispatch",
    ],
)
def test_a_row_never_changes(books, sql):
    written(books, books.issued("50.00"))
    refused(lambda: run_sql(sql))


@pytest.mark.parametrize("what", [Dispatch.What.REMINDED, Dispatch.What.LETTER])
@pytest.mark.parametrize(("days", "may"), [(0, False), (6.99, False), (-6.99, False), (7, True), (-7, True)])
def test_a_reminder_has_seven_days_about_it(books, what, days, may):
    invoice = books.issued("50.00")
    written(books, invoice)
    written(books, invoice, what=Dispatch.What.PRINTED)
    written(books, books.issued("60.00"))
    if may:
        written(books, invoice, what=what, days=days)
    else:
        refused(lambda: written(books, invoice, what=what, days=days))


@pytest.mark.parametrize("what", Dispatch.What)
def test_nothing_goes_out_of_what_does_not_stand(books, what):
    invoice = books.issued("50.00")
    void(books, invoice)
    refused(lambda: written(books, invoice, what=what))


def void(books, invoice):
    actions.void_invoice(invoice=invoice, reason="Wrong", by=books.by, now=books.now)


def test_what_it_is_and_once_a_run(books):
    invoice, run = books.issued("50.00"), uuid.uuid4()
    refused(lambda: written(books, invoice, what="thrown"))
    written(books, invoice, what=Dispatch.What.PRINTED, run=run)
    refused(lambda: written(books, invoice, what=Dispatch.What.PRINTED, run=run))


def test_printed_is_marked_once_a_run_and_not_of_what_is_void(books):
    one, gone, run = books.issued("50.00"), books.issued("60.00"), uuid.uuid4()
    void(books, gone)
    for _twice in range(2):
        dispatching.mark_printed([one.pk, gone.pk], run=run, by=books.by, now=books.now)
    made = Dispatch.objects.get()
    assert (made.invoice, made.what, made.run, made.made_by) == (one, "printed", run, books.by.user)
