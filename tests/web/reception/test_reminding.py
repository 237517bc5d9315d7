"""Reminding of what is overdue, in bulk and from an invoice's page: by e-mail, by letter, and seldom enough."""

from __future__ import annotations

import io
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from pypdf import PdfReader

from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.billing import actions
from portal.billing.actions import BillTo
from portal.billing.charges import Charge
from portal.billing.models import BulkRun, Dispatch
from portal.journeys import reminding, together
from portal.notifications.models import Notice
from tests import make
from tests.web.reception.test_invoices import NOW, issue, pay, void
from tests.web.reception.test_invoices import desk as desk

LATER = NOW + timedelta(days=30)
URL = "/reception/invoices/together/"


@pytest.fixture(autouse=True)
def clock(db):
    make.clinic()
    with time_machine.travel(LATER, tick=False) as clock:
        yield clock


def reached(email="ana@example.com", **fields):
    return make.patient(email=email, **fields)


def remind(desk, *invoices):
    answer = desk.post(
        URL, {"kind": "remind", "invoice": [invoice.number for invoice in invoices], "sure": len(invoices)}
    )
    run = BulkRun.objects.order_by("-pk").first()
    together.go_through(run.pk)
    run.refresh_from_db()
    return run, desk.get(answer["Location"]).content.decode()


def test_a_reader_gets_one_mail_for_all_of_theirs_and_nothing_of_what_it_is_for(desk):
    patient = reached(preferred_name="Ana")
    first, second = issue("220.00", patient=patient), issue("180.50", patient=patient)
    other = issue("90.00", patient=reached("ben@example.com"))
    pay(second, "80.50")
    run, page = remind(desk, first, second, other)
    assert "Reminders of 3 invoices are on their way" in page
    mails = {notice.to: notice for notice in Notice.objects.filter(template="reminder")}
    assert set(mails) == {"ana@example.com", "ben@example.com"}
    text = mails["ana@example.com"].text
    for words in (first.number, second.number, "$220.00", "$100.00", "$320.00", "days ago", "Hello Ana"):
        assert words in text
    assert other.number not in text
    assert "Session" not in text + mails["ana@example.com"].html + mails["ana@example.com"].subject
    assert (run.done, run.finished_at is not None) == (3, True)
    assert {each.what for each in Dispatch.objects.all()} == {"reminded"}
    assert Entry.objects.filter(verb="invoice.reminded").count() == 3


def test_what_is_left_out_is_told_with_why(desk, clock):
    lately, paid, gone, due = (issue(patient=reached()) for _n in range(4))
    fresh = issue(patient=reached(), now=LATER)
    remind(desk, lately)
    clock.move_to(LATER + timedelta(days=6))
    desk = make.client_for(BulkRun.objects.get().created_by)
    pay(paid, "220.00")
    asked = [lately, paid, gone, due, fresh]
    answer = desk.post(URL, {"kind": "remind", "invoice": [invoice.number for invoice in asked], "sure": len(asked)})
    void(gone)
    run = BulkRun.objects.order_by("-pk").first()
    together.go_through(run.pk)
    page = desk.get(answer["Location"]).content.decode()
    assert "A reminder of 1 invoice is on its way" in page
    run.refresh_from_db()
    assert {pk: reason for pk, reason, _day in run.refused} == {
        lately.pk: "lately",
        paid.pk: "not_overdue",
        gone.pk: "not_overdue",
        fresh.pk: "not_overdue",
    }
    assert "Reminded on 24 Dec 2026: once in seven days is enough." in page
    assert page.count("Not overdue.") == 3
    assert due.number not in page
    clock.move_to(LATER + timedelta(days=7))
    desk = make.client_for(run.created_by)
    assert "A reminder of 1 invoice is on its way" in remind(desk, lately)[1]


def test_who_has_no_address_gets_a_letter(desk):
    patient = make.patient(email="", street="3 Elm Street", suburb="Carlton", postcode="3053")
    one, two = issue("220.00", patient=patient), issue("45.00", patient=patient)
    run, page = remind(desk, one, two)
    assert "their letters are in the PDF" in page
    reader = PdfReader(io.BytesIO(desk.get(f"{URL}{run.code}/pdf/").content))
    text = " ".join("".join(sheet.extract_text() for sheet in reader.pages).split())
    assert len(reader.pages) == 1
    for words in (one.number, two.number, patient.legal_name, "3 Elm Street", "$265.00", "Days overdue", "Reminder"):
        assert words in text
    assert "Session" not in text
    assert not Notice.objects.filter(template="reminder").exists()
    assert {each.what for each in Dispatch.objects.all()} == {"letter"}


def test_letters_are_drawn_in_parts_and_all_are_in_the_end(desk, monkeypatch):
    """The queue ends a task after a minute: each part draws what it can, and nobody's letter is drawn twice."""
    monkeypatch.setattr(together, "SECONDS", -1.0)
    patients = [make.patient(email="", street=f"{n} Elm Street") for n in range(1, 4)]
    late, paid = [issue("220.00", patient=patient) for patient in patients], issue(patient=reached())
    pay(paid, "220.00")
    run, page = remind(desk, *late, paid)
    assert "2 of 4 done" in page
    assert desk.get(f"{URL}{run.code}/pdf/").status_code == 404
    assert Dispatch.objects.count() == 1
    together.go_through(run.pk)
    together.go_through(run.pk)
    run.refresh_from_db()
    assert (run.done, run.finished_at is not None, run.refused) == (4, True, [[paid.pk, "not_overdue", ""]])
    together.go_through(run.pk)
    reader = PdfReader(io.BytesIO(desk.get(f"{URL}{run.code}/pdf/").content))
    text = ["".join(sheet.extract_text().split()) for sheet in reader.pages]
    assert [f"{n}ElmStreet" in page for n, page in enumerate(text, start=1)] == [True] * 3
    assert Dispatch.objects.count() == 3


def test_a_payers_mail_names_nobody(desk):
    payer = make.payer(name="Plan Partners", email="bills@example.com")
    patient = reached(preferred_name="Ana")
    with time_machine.travel(NOW, tick=False):
        draft = actions.draft_invoice(
            patient=patient,
            psychologist=make.psychologist(),
            location=make.location(),
            charges=[Charge(description="Session", unit_price=Decimal("220.00"))],
            bill_to=BillTo(payer),
            by=make.actor(role=Role.RECEPTION),
            now=NOW,
        )
        invoice = actions.issue_invoice(invoice=draft, by=make.actor(role=Role.RECEPTION), now=NOW)
    remind(desk, invoice)
    mail = Notice.objects.get(template="reminder")
    assert mail.to == "bills@example.com"
    assert "Ana" not in mail.text
    assert patient.legal_last_name not in mail.text


def test_begun_again_it_reminds_nobody_twice(desk):
    mailed, letter = issue(patient=reached()), issue(patient=make.patient(email=""))
    run, _page = remind(desk, mailed, letter)
    before = Notice.objects.count()
    BulkRun.objects.filter(pk=run.pk).update(finished_at=None, done=0)
    together.go_through(run.pk)
    run.refresh_from_db()
    assert (Notice.objects.count(), run.done, run.refused) == (before, 2, [])
    assert Dispatch.objects.count() == 2


def test_two_who_remind_at_once_remind_once(desk):
    invoice = issue(patient=reached())
    for _desk in range(2):
        desk.post(URL, {"kind": "remind", "invoice": [invoice.number], "sure": 1})
    for run in BulkRun.objects.order_by("pk"):
        together.go_through(run.pk)
    assert Notice.objects.filter(template="reminder").count() == 1
    assert BulkRun.objects.order_by("-pk").first().refused[0][1] == reminding.LeftOut.LATELY


def test_one_is_reminded_of_from_its_own_page_and_both_pages_say_so(desk):
    invoice = issue(patient=reached())
    page = desk.get(f"/reception/invoices/{invoice.number}/").content.decode()
    assert f'action="/reception/invoices/{invoice.number}/remind/"' in page
    answer = desk.post(f"/reception/invoices/{invoice.number}/remind/")
    together.go_through(BulkRun.objects.get().pk)
    assert "A reminder of 1 invoice is on its way" in desk.get(answer["Location"]).content.decode()
    page = desk.get(f"/reception/invoices/{invoice.number}/").content.decode()
    assert "/remind/" not in page
    assert "Reminded by e-mail by" in page
    assert "reminded 24 Dec" in desk.get("/reception/invoices/").content.decode()
    assert "reminded 24 Dec" in desk.get(URL).content.decode()


@pytest.mark.parametrize("language", ["ar", "vi", "zh-hans"])
def test_it_is_read_in_each_language(desk, language):
    remind(desk, issue(patient=reached(language=language)), issue(patient=reached("b@example.com", language=language)))
    mail = Notice.objects.filter(template="reminder").first()
    assert mail.language == language
    assert "slipped" not in mail.text
    assert "Payment reminder" not in mail.subject


def test_reminding_is_the_desks(desk):
    invoice = issue(patient=reached())
    address = f"/reception/invoices/{invoice.number}/remind/"
    assert make.signed_in_client(role=Role.PSYCHOLOGIST).post(address).status_code == 403
    assert desk.post("/reception/invoices/INV-NOWHERE/remind/").status_code == 404
