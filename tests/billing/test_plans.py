"""Payment plans add up and only end; how they are spread and how they stand; and whom nobody reminds."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from portal.billing import plans
from portal.billing.actions import plans as actions
from portal.billing.agreements import Alone, left_alone
from portal.billing.models import Instalment, PaymentPlan, PlannedInvoice, ReminderHold
from portal.billing.plans import Every, progress_of, spread
from portal.billing.refusals import ChangedMeanwhile
from tests import make
from tests.billing.conftest import Books
from tests.web.reception.test_invoices import pay

D, DAY = Decimal, timedelta(days=1)
TODAY = date(2026, 11, 24)
CENTS = st.integers(1, 500_000).map(lambda cents: D(cents) / 100)


@given(total=CENTS, amount=CENTS, first=st.dates(date(2026, 1, 1), date(2030, 12, 31)), every=st.sampled_from(Every))
def test_parts_come_to_what_is_owed_each_on_a_later_day(total, amount, first, every):
    try:
        parts = spread(total, amount=amount, first=first, every=every)
    except plans.TooMany:
        assert total / amount > plans.MOST_PARTS
        return
    days = [day for day, _amount in parts]
    assert sum(part for _day, part in parts) == total
    assert days[0] == first
    assert days == sorted(set(days))
    assert {part for _day, part in parts[:-1]} <= {amount}
    assert D(0) < parts[-1][1] <= amount


def test_months_end_where_they_end():
    parts = spread(D("40"), amount=D("10"), first=date(2027, 1, 31), every=Every.MONTH)
    assert [day for day, _amount in parts] == [
        date(2027, 1, 31),
        date(2027, 2, 28),
        date(2027, 3, 31),
        date(2027, 4, 30),
    ]


@given(left=st.integers(0, 100), day=st.integers(-5, 60))
def test_what_is_paid_counts_for_the_first_parts(left, day):
    parts = [(TODAY + n * 14 * DAY, D("25")) for n in range(4)]
    today = TODAY + day * DAY
    stands = progress_of(D("100"), D(left), parts, today=today)
    due = sum((amount for on, amount in parts if on < today), D(0))
    assert stands.behind == max(D(0), due - (100 - left))
    assert stands.is_paid is (left == 0)
    assert (stands.next_on is None) is (left == 0)
    if stands.next_on:
        before = sum((amount for on, amount in parts if on <= stands.next_on), D(0))
        assert stands.next_amount == before - (100 - left)
        assert D(0) < stands.next_amount <= D("25")


# ---- The database ---------------------------------------------------------------------------------------------------


@pytest.fixture
def books(db):
    make.clinic()
    return Books()


def agreed(books, *invoices, parts=None, owner=None):
    total = sum(invoice.balance for invoice in invoices)
    return actions.agree_plan(
        owner=owner or invoices[0].patient,
        invoices=invoices,
        total=total,
        instalments=parts or [(TODAY + 7 * DAY, total)],
        by=books.by,
        now=books.now,
    )


def refused(do):
    with pytest.raises(IntegrityError), transaction.atomic():
        do()


def run_sql(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize(("owed", "part"), [("50.00", "49.99"), ("49.99", "50.00"), ("50.00", None), (None, "50.00")])
def test_a_plan_that_does_not_add_up_is_never_agreed(books, owed, part):
    invoice = books.issued("50.00" if owed != "49.99" else "49.99")
    plan = PaymentPlan.objects.create(patient=invoice.patient, total=D("50.00"))
    if owed:
        PlannedInvoice.objects.create(plan=plan, invoice=invoice, owed=owed)
    if part:
        Instalment.objects.create(plan=plan, due_on=TODAY, amount=part)
    refused(lambda: PaymentPlan.objects.filter(pk=plan.pk).update(agreed_at=books.now))


def test_a_plan_is_not_born_agreed_nor_for_what_is_not_owed_by_its_people(books):
    invoice, other = books.issued("50.00"), books.issued("60.00")
    refused(lambda: PaymentPlan.objects.create(patient=invoice.patient, total=D("50.00"), agreed_at=books.now))
    plan = PaymentPlan.objects.create(patient=invoice.patient, total=D("50.00"))
    refused(lambda: PlannedInvoice.objects.create(plan=plan, invoice=other, owed="60.00"))
    refused(lambda: PlannedInvoice.objects.create(plan=plan, invoice=invoice, owed="50.01"))


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE billing_paymentplan SET total = 1",
        "UPDATE billing_paymentplan SET agreed_at = NULL",
        "DELETE FROM billing_paymentplan",
        "UPDATE billing_plannedinvoice SET owed = 1",
        "DELETE FROM billing_plannedinvoice",
        "UPDATE billing_instalment SET amount = 1",
        "UPDATE billing_instalment SET due_on = '2030-01-01'",
        "DELETE FROM billing_instalment",
        "INSERT INTO billing_instalment (plan_id, due_on, amount) SELECT id, '2030-01-01', 1 FROM billing_paymentplan",
    ],
)
def test_what_is_agreed_never_changes(books, sql):
    agreed(books, books.issued("50.00"))
    refused(lambda: run_sql(sql))


def test_an_invoice_is_in_one_plan_that_stands(books):
    invoice = books.issued("50.00")
    plan = agreed(books, invoice)
    with pytest.raises(ChangedMeanwhile):
        agreed(books, invoice)
    second = PaymentPlan.objects.create(patient=invoice.patient, total=D("50.00"))
    refused(lambda: PlannedInvoice.objects.create(plan=second, invoice=invoice, owed="50.00"))
    assert actions.end_plan(plan, why="cancelled", by=books.by, now=books.now)
    assert not actions.end_plan(plan, why="paid", by=books.by, now=books.now)
    refused(lambda: PaymentPlan.objects.filter(pk=plan.pk).update(ended_why="paid"))
    PlannedInvoice.objects.create(plan=second, invoice=invoice, owed="50.00")


def test_what_was_paid_since_the_page_was_drawn_is_not_agreed_on(books):
    invoice = books.issued("50.00")
    before = invoice.balance
    pay(invoice, "20.00")
    with pytest.raises(ChangedMeanwhile):
        actions.agree_plan(
            owner=invoice.patient,
            invoices=[invoice],
            total=before,
            instalments=[(TODAY, before)],
            by=books.by,
            now=books.now,
        )
    assert not PaymentPlan.objects.exists()


# ---- Whom nobody reminds --------------------------------------------------------------------------------------------


def test_a_plan_that_is_kept_leaves_its_invoices_alone_and_one_that_is_not_for_a_week_does_not(books):
    invoice, other = books.issued("50.00"), books.issued("60.00")
    agreed(books, invoice, parts=[(TODAY, D("20")), (TODAY + 14 * DAY, D("30"))])
    both = [invoice, other]
    assert left_alone(both, today=TODAY) == {invoice.pk: Alone.PLANNED}
    assert left_alone(both, today=TODAY + 7 * DAY) == {invoice.pk: Alone.PLANNED}
    assert left_alone(both, today=TODAY + 8 * DAY) == {}
    pay(invoice, "20.00")
    assert left_alone(both, today=TODAY + 8 * DAY) == {invoice.pk: Alone.PLANNED}


@pytest.mark.parametrize("of", ["invoice", "patient", "payer"])
def test_a_word_of_the_desk_holds_what_it_names_until_its_day(books, of):
    payer = make.payer()
    invoice, theirs = books.issued("50.00"), books.issued("60.00")
    from portal.billing.actions import BillTo

    billed = books.issued("70.00", patient=invoice.patient, bill_to=BillTo(payer))
    named = {"invoice": invoice, "patient": invoice.patient, "payer": payer}[of]
    hold = actions.hold_reminders(of=named, reason="disputed", note="", until=TODAY, by=books.by, now=books.now)
    alone = {billed.pk} if of == "payer" else {invoice.pk}
    assert set(left_alone([invoice, theirs, billed], today=TODAY)) == alone
    assert left_alone([invoice, theirs, billed], today=TODAY + DAY) == {}
    refused(lambda: ReminderHold.objects.update(reason="other"))
    refused(lambda: run_sql("DELETE FROM billing_reminderhold"))
    again = actions.hold_reminders(of=named, reason="other", note="", until=None, by=books.by, now=books.now)
    assert actions.end_hold(again, by=books.by, now=books.now)
    assert not actions.end_hold(hold, by=books.by, now=books.now)
    assert left_alone([invoice, theirs, billed], today=TODAY) == {}
