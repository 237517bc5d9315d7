"""Payment plans and "do not remind": agreed at the desk, seen by both sides, and work where a part is missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.billing.models import Dispatch, PaymentPlan, ReminderHold, ReminderStages
from portal.common.access.actors import Actor
from portal.journeys import overdue
from portal.journeys.to_do import owing
from portal.notifications.models import Notice
from portal.worklist.models import ToDo
from tests import make
from tests.web.reception.test_invoices import NOW, issue, pay

pytestmark = pytest.mark.django_db
# Issued on 24 November 2026, due on 1 December; this is 9:30 am on Friday 4 December in Melbourne.
FRIDAY = datetime(2026, 12, 3, 22, 30, tzinfo=UTC)
DAY = timedelta(days=1)
BY = Actor.system("worklist")


@pytest.fixture(autouse=True)
def clock():
    make.clinic(state="VIC")
    with time_machine.travel(FRIDAY, tick=False) as clock:
        yield clock


@pytest.fixture
def patient():
    return make.patient(user=make.user(), preferred_name="Ana")


@pytest.fixture
def desk():
    return make.client_for(make.staff())


def plan_page(patient):
    return f"/reception/owing/patients/{patient.code}/plan/"


def send(desk, patient, *invoices, **fields):
    page = desk.get(plan_page(patient))
    sent = {
        "invoices": [one.number for one in invoices],
        "amount": "100",
        "every": "fortnight",
        "first": "18/12/2026",
        "seen": page.context["form"]["seen"].value(),
    }
    return desk.post(plan_page(patient), sent | fields)


def text(page):
    return page.content.decode()


def test_a_plan_is_agreed_and_seen_by_both_sides_and_ends_reminders(desk, patient):
    ReminderStages.objects.create(pk=1, is_on=True)
    invoice = issue("220.00", patient=patient)
    assert send(desk, patient, invoice).status_code == 302
    plan = PaymentPlan.objects.get()
    assert [str(one.amount) for one in plan.instalments.all()] == ["100.00", "100.00", "20.00"]
    assert overdue.go_round(now=FRIDAY) == {"written": 0, "invoices": 0}
    for page in (f"/reception/invoices/{invoice.number}/", f"/reception/patients/{patient.code}/"):
        assert "Payment plan: $220.00 left." in text(desk.get(page))
        assert "Next $100.00 by" in text(desk.get(page))
    assert "payment plan" in text(desk.get("/reception/debtors/")).lower()
    mine = text(make.client_for(patient.user).get("/my/invoices/"))
    assert "The next part is $100.00, by" in mine
    assert "we send no reminders of these invoices" in mine
    assert "The next part" not in text(make.signed_in_client().get("/my/invoices/"))
    # By hand neither.
    assert "/remind/" not in text(desk.get(f"/reception/invoices/{invoice.number}/"))
    assert desk.post(f"/reception/plans/{plan.code}/end/").status_code == 302
    assert desk.post(f"/reception/plans/{plan.code}/end/").status_code == 302
    assert overdue.go_round(now=FRIDAY)["written"] == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"amount": "0"}, "More than nothing."),
        ({"amount": "1"}, "more than 60 parts"),
        ({"first": "1/12/2026"}, "Today or later."),
        ({"invoices": []}, "Tick at least one invoice."),
    ],
)
def test_what_can_not_be_agreed_on_is_said(desk, patient, fields, words):
    invoice = issue("220.00", patient=patient)
    answer = send(desk, patient, invoice, **fields)
    assert answer.status_code == 422
    assert words in text(answer)
    assert not PaymentPlan.objects.exists()


def test_an_old_page_agrees_on_nothing(desk, patient):
    invoice = issue("220.00", patient=patient)
    before = desk.get(plan_page(patient)).context["form"]["seen"].value()
    pay(invoice, "20.00")
    answer = send(desk, patient, invoice, seen=before)
    assert answer.status_code == 409
    assert "Nothing was agreed" in text(answer)
    assert not PaymentPlan.objects.exists()


def test_a_part_that_is_missing_is_work_until_it_is_paid_and_a_paid_plan_ends(desk, patient, clock):
    invoice = issue("220.00", patient=patient)
    send(desk, patient, invoice)
    plan = PaymentPlan.objects.get()
    missed = datetime(2026, 12, 18, 22, 0, tzinfo=UTC)
    assert owing.go_round(by=BY, now=missed - DAY) == 0
    assert (owing.go_round(by=BY, now=missed), owing.go_round(by=BY, now=missed)) == (1, 0)
    clock.move_to(missed)
    desk = make.client_for(make.staff())
    page = text(desk.get("/reception/to-do/"))
    assert "Payment plans that are not kept" in page or "A part of a payment plan is missing" in page
    assert f"/reception/plans/{plan.code}/" in page
    assert "$100.00 should have been paid by now." in text(desk.get(f"/reception/plans/{plan.code}/"))
    pay(invoice, "100.00")
    owing.go_round(by=BY, now=missed + DAY)
    assert ToDo.objects.get().done_at is not None
    pay(invoice, "120.00")
    owing.go_round(by=BY, now=missed + 2 * DAY)
    plan.refresh_from_db()
    assert plan.ended_why == "paid"


def test_somebody_rings_a_week_after_the_last_reminder(patient):
    invoice = issue("220.00", patient=patient)
    Dispatch.objects.create(invoice=invoice, what="reminded", stage=3, run=invoice.code, made_at=FRIDAY)
    assert owing.go_round(by=BY, now=FRIDAY + 6 * DAY) == 0
    assert (owing.go_round(by=BY, now=FRIDAY + 7 * DAY), owing.go_round(by=BY, now=FRIDAY + 8 * DAY)) == (1, 0)
    assert ToDo.objects.still_open().get().about_code == str(patient.code)
    pay(invoice, "220.00")
    owing.go_round(by=BY, now=FRIDAY + 9 * DAY)
    assert not ToDo.objects.still_open().exists()


def test_do_not_remind_holds_both_ways_of_reminding_until_somebody_ends_it(desk, patient):
    ReminderStages.objects.create(pk=1, is_on=True)
    invoice = issue("220.00", patient=patient)
    address = f"/reception/invoices/{invoice.number}/no-reminders/"
    assert desk.post(address, {}).status_code == 422
    said = {"reason": "disputed", "note": "Rang on Tuesday", "until": "1/2/2027"}
    assert desk.post(address, said).status_code == 302
    page = text(desk.get(f"/reception/invoices/{invoice.number}/"))
    assert "No reminders until" in page
    assert "They say that it is not right · Rang on Tuesday" in page
    assert "/remind/" not in page
    assert overdue.go_round(now=FRIDAY)["written"] == 0
    hold = ReminderHold.objects.get()
    assert desk.post(f"/reception/no-reminders/{hold.code}/end/").status_code == 302
    assert overdue.go_round(now=FRIDAY)["written"] == 1
    assert Notice.objects.filter(template="reminder").count() == 1


@pytest.mark.parametrize("kind", ["patients", "payers"])
def test_all_of_somebodys_are_held(desk, patient, kind):
    payer = make.payer(email="bills@example.com")
    issue("220.00", patient=patient, payer=payer if kind == "payers" else None)
    owner = payer if kind == "payers" else patient
    address = f"/reception/owing/{kind}/{owner.code}/no-reminders/"
    assert desk.post(address, {"reason": "others"}).status_code == 302
    assert "Somebody else is going to pay" in text(desk.get(f"/reception/{kind}/{owner.code}/"))
    by = "payer" if kind == "payers" else "patient"
    assert "no reminders" in text(desk.get(f"/reception/debtors/?by={by}"))
    assert make.signed_in_client().get(address).status_code == 403


def test_the_pages_ask_as_much_of_many_plans_as_of_one(patient):
    browser = make.client_for(patient.user)
    counts = []
    for count in (1, 4):
        for _n in range(count):
            invoice = issue("50.00", patient=patient, now=NOW)
            plan = PaymentPlan.objects.create(patient=patient, total="50.00")
            plan.parts.create(invoice=invoice, owed="50.00")
            plan.instalments.create(due_on="2026-12-18", amount="50.00")
            PaymentPlan.objects.filter(pk=plan.pk).update(agreed_at=NOW)
        browser.get("/my/invoices/")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            browser.get("/my/invoices/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
