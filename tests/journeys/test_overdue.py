"""Reminders of overdue invoices that the portal writes by itself: in stages, each once, none once the money came."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.billing.models import Dispatch, ReminderStages, Stage
from portal.clinic.models import ClinicSettings
from portal.journeys import overdue
from portal.journeys.overdue import Before, next_stage
from portal.notifications import delivery
from portal.notifications.models import Notice, State
from tests import make
from tests.web.reception.test_invoices import NOW, issue, pay

pytestmark = pytest.mark.django_db
# Issued on Tuesday 24 November 2026 and due a week later, on 1 December.
DAY = timedelta(days=1)
FRIDAY = datetime(2026, 12, 3, 22, 30, tzinfo=UTC)  # 9:30 am on 4 December in Melbourne


@pytest.fixture(autouse=True)
def clinic():
    return make.clinic(state="VIC")


@pytest.fixture
def rule():
    return ReminderStages.objects.create(pk=1, is_on=True)


def ana(**fields):
    return make.patient(**{"email": "ana@example.com", "preferred_name": "Ana"} | fields)


def notices():
    return Notice.objects.filter(template__startswith="reminder").order_by("pk")


def go(now):
    return overdue.go_round(now=now)


def test_three_stages_each_once_for_all_that_somebody_owes(rule):
    patient = ana()
    old, newer = issue("220.00", patient=patient), issue("90.00", patient=patient, now=NOW + DAY)
    issue("45.00", patient=ana(email="ben@example.com"), now=NOW + 10 * DAY)
    assert go(FRIDAY - DAY) == {"written": 0, "invoices": 0}
    assert go(FRIDAY) == {"written": 1, "invoices": 2}
    for later in (timedelta(minutes=10), 3 * DAY):
        assert go(FRIDAY + later) == {"written": 0, "invoices": 0}
    first = notices().get()
    assert (first.template, first.to, first.about_code) == ("reminder", "ana@example.com", str(old.code))
    for words in ("$220.00", "$90.00", "$310.00", newer.number):
        assert words in first.text
    for days in range(6, 60):
        go(FRIDAY + days * DAY)
    mine = [one for one in notices() if one.to == "ana@example.com"]
    assert [one.template for one in mine] == ["reminder", "reminder_firm", "reminder_last"]
    assert all(words in mine[-1].text for words in (old.number, newer.number))
    stages = Dispatch.objects.filter(invoice=old).order_by("pk").values_list("stage", "what", "made_by")
    assert list(stages) == [(1, "reminded", None), (2, "reminded", None), (3, "reminded", None)]
    assert "Last payment reminder" in mine[-1].subject


@pytest.mark.parametrize("what", ["off", "paid", "bulk", "later terms", "no address", "lately", "void"])
def test_nobody_is_reminded_who_need_not_be(rule, what):
    patient = ana(email="" if what == "no address" else "ana@example.com")
    payer = make.payer(email="bills@example.com", terms_days=7) if what == "later terms" else None
    invoice = issue(patient=patient, payer=payer)
    match what:
        case "off":
            overdue.ReminderStages.objects.update(is_on=False)
        case "paid":
            pay(invoice, "220.00")
        case "bulk":
            assert not type(invoice).objects.filter(bulk_billed=True).overdue(today=date(2027, 1, 1)).exists()
            return
        case "later terms":
            payer.terms_days = 30
            payer.save(update_fields=["terms_days"])
        case "lately":
            Dispatch.objects.create(invoice=invoice, what="letter", run=invoice.code, made_at=FRIDAY - 2 * DAY)
        case "void":
            from tests.web.reception.test_invoices import void

            void(invoice)
    assert go(FRIDAY) == {"written": 0, "invoices": 0}


def test_whoever_got_the_bill_late_has_as_long_as_everybody_else(rule):
    invoice = issue(patient=ana())
    Notice.objects.create(
        template="invoice",
        to="ana@example.com",
        channel="email",
        subject="x",
        text="x",
        html="",
        language="en-au",
        dedupe_key="late",
        message_id="<late@example.com>",
        state=State.SENT,
        about_label="billing.Invoice",
        about_code=str(invoice.code),
        sent_at=FRIDAY - DAY,
    )
    assert go(FRIDAY)["written"] == 0
    assert go(FRIDAY + DAY)["written"] == 0
    assert go(FRIDAY + 2 * DAY)["written"] == 1


@pytest.mark.parametrize(
    ("local", "is_morning"),
    [("2026-12-04T09:00", True), ("2026-12-04T11:59", True), ("2026-12-04T12:00", False), ("2026-12-04T08:59", False),
     ("2026-12-05T10:00", False), ("2026-12-25T10:00", False)],
)  # fmt: skip
def test_it_is_done_on_working_mornings_of_the_clinic(local, is_morning):
    clinic = ClinicSettings.current()
    assert overdue.is_time(datetime.fromisoformat(local).replace(tzinfo=clinic.zone), clinic=clinic) is is_morning


def test_it_waits_for_the_readers_safe_hours_and_then_says_what_is_still_so(rule):
    """Paid in part while it waits, it tells of what is left; paid in full, it never leaves."""
    patient = ana()
    make.ways(patient=patient, safe_from="18:00", safe_until="20:00", prefers="email", by_email=True)
    one, two = issue("220.00", patient=patient), issue("90.00", patient=patient)
    with time_machine.travel(FRIDAY, tick=False):
        go(FRIDAY)
    first = notices().get()
    assert first.next_attempt_at.astimezone(ClinicSettings.current().zone).hour == 18
    pay(one, "220.00")
    evening = first.next_attempt_at + timedelta(minutes=1)
    assert delivery.deliver(first.pk, clock=lambda: evening) == State.WITHDRAWN
    # Of two that look at once, one writes.
    assert overdue.still_true(first, evening) is False
    second = notices().exclude(pk=first.pk).get()
    first.refresh_from_db()
    assert (first.state, first.withdrawn_why) == (State.WITHDRAWN, "paid")
    assert one.number not in second.text
    assert "$90.00" in second.text
    assert overdue.still_true(second, evening) is True
    pay(two, "90.00")
    assert delivery.deliver(second.pk, clock=lambda: evening) == State.WITHDRAWN
    assert notices().count() == 2
    assert Dispatch.objects.count() == 2


def test_a_worker_that_dies_before_the_end_leaves_nothing_behind_and_the_next_writes_it(rule, monkeypatch):
    invoice = issue(patient=ana())
    with monkeypatch.context() as broken:
        broken.setattr(overdue.dispatching, "mark_reminded", lambda *args, **kwargs: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            go(FRIDAY)
    assert not notices().exists()
    assert go(FRIDAY)["written"] == 1
    assert Dispatch.objects.get().invoice == invoice


def test_the_database_takes_each_stage_of_an_invoice_once():
    invoice = issue(patient=ana())
    row = {"invoice": invoice, "what": "reminded", "stage": 1}
    Dispatch.objects.create(**row, run=invoice.code, made_at=FRIDAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        Dispatch.objects.create(**row, run=make.patient().code, made_at=FRIDAY + 30 * DAY)


@pytest.mark.parametrize("days", [(3, 9, 30), (3, None, 9), (20, 10, 40), (0, 10, 40)])
def test_the_database_takes_no_stages_within_a_week(days):
    friendly, firm, last = days
    with pytest.raises(IntegrityError), transaction.atomic():
        ReminderStages.objects.create(pk=1, friendly_days=friendly, firm_days=firm, last_days=last)


@given(
    days=st.lists(st.integers(1, 90), max_size=3).map(sorted),
    begins=st.integers(0, 120),
    pauses=st.lists(st.integers(1, 12), max_size=40),
)
@settings(max_examples=60)
def test_whenever_it_is_looked_at_stages_go_in_order_and_a_week_apart(days, begins, pauses):
    stages = [Stage(n, day) for n, day in enumerate(days, 1) if n == 1 or day >= days[n - 2] + 7]
    today, before, written = begins, None, []
    for pause in [0, *pauses]:
        today += pause
        before = Before(before.number, before.days + pause) if before else None
        if stage := next_stage(stages, days=today, before=before):
            written.append((today, stage))
            before = Before(stage.number, 0)
    assert [stage.number for _day, stage in written] == sorted({stage.number for _day, stage in written})
    assert all(day >= stage.days for day, stage in written)
    assert all(later - sooner >= 7 for (sooner, _a), (later, _b) in pairwise(written))


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="threads race on PostgreSQL")
def test_workers_and_a_payment_in_the_same_second(clinic):
    ReminderStages.objects.create(pk=1, is_on=True)
    invoice = issue(patient=ana())
    start = threading.Barrier(4)

    def run(do):
        start.wait()
        try:
            do()
        finally:
            connection.close()

    jobs = [lambda: go(FRIDAY)] * 3 + [lambda: pay(invoice, "220.00")]
    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert notices().count() == Dispatch.objects.count() <= 1
    if waiting := notices().first():
        assert delivery.deliver(waiting.pk, clock=lambda: FRIDAY) == State.WITHDRAWN


def test_the_manager_switches_it_on_and_reads_first_how_many_that_reminds():
    issue("220.00", patient=ana(), now=NOW - 90 * DAY)
    boss = make.client_for(make.staff(role="manager"))
    address = "/manage/settings/payment-reminders/"
    page = boss.get(address).content.decode()
    assert "Reminding by itself is off." in page
    assert "switching it on reminds of 1 invoice" in page
    near = {"is_on": "on", "friendly_days": "3", "firm_days": "8", "last_days": "30"}
    assert "At least seven days after" in boss.send(address, near).content.decode()
    assert boss.send(address, near | {"firm_days": "14"}).status_code == 302
    assert ReminderStages.current().stages == [Stage(1, 3), Stage(2, 14), Stage(3, 30)]
    none = {"is_on": "on", "friendly_days": "", "firm_days": "", "last_days": ""}
    assert boss.send(address, none).status_code == 422
    assert make.client_for(make.staff()).get(address).status_code == 403


def test_the_page_of_the_invoice_says_which_it_was(rule):
    invoice = issue(patient=ana())
    go(FRIDAY)
    page = make.client_for(make.staff()).get(f"/reception/invoices/{invoice.number}/").content.decode()
    assert "Reminded by itself, in a friendly way: Friday 4 December 2026" in page


@pytest.mark.parametrize("language", ["ar", "vi", "zh-hans"])
def test_each_stage_is_read_in_each_language(rule, language):
    english = {"firm": "we wrote to you before", "last": "this invoice is still to be paid"}
    issue(patient=ana(language=language))
    for days in (0, 15, 40):
        go(FRIDAY + days * DAY)
    texts = {one.template: one for one in notices()}
    assert set(texts) == set(overdue.TEMPLATES.values())
    for name, words in english.items():
        mail = texts[f"reminder_{name}"]
        assert mail.language == language
        assert words not in mail.text
        assert "payment reminder" not in mail.subject
