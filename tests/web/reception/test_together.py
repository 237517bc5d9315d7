"""Many invoices at once."""

from __future__ import annotations

import io

import pytest
from django_q.models import OrmQ
from pypdf import PdfReader

from portal.accounts.roles import Role
from portal.billing.models import BulkRun, Dispatch
from portal.journeys import together
from portal.notifications.models import Notice
from tests import make
from tests.web.reception.test_invoices import _tuesday_afternoon as _tuesday_afternoon
from tests.web.reception.test_invoices import desk as desk
from tests.web.reception.test_invoices import issue, void

URL = "/reception/invoices/together/"


def begun(desk, kind, invoices, **query):
    sent = {"kind": kind, "invoice": [invoice.number for invoice in invoices], "sure": str(len(invoices))}
    return desk.post(URL, sent)


def test_what_is_shown_is_ticked_but_what_is_void(desk):
    one, gone = issue(), issue()
    void(gone)
    page = desk.get(URL).content.decode()
    assert one.number in page
    assert gone.number not in page


def test_they_are_printed_as_one(desk):
    invoices = [issue(), issue(), issue()]
    answer = begun(desk, "print", invoices[:2])
    run = BulkRun.objects.get()
    assert answer["Location"] == f"/reception/invoices/together/{run.code}/"
    together.go_through(run.pk)
    assert "in one PDF" in desk.get(answer["Location"]).content.decode()
    reader = PdfReader(io.BytesIO(desk.get(f"{answer['Location']}pdf/").content))
    text = "".join(page.extract_text() for page in reader.pages)
    assert [invoice.number in text for invoice in invoices] == [True, True, False]


def test_what_was_printed_says_so_on_the_list_and_by_whom_on_its_page(desk):
    printed, other = issue(), issue()
    begun(desk, "print", [printed])
    for _twice in range(2):
        BulkRun.objects.update(finished_at=None, done=0)
        together.go_through(BulkRun.objects.get().pk)
    made = Dispatch.objects.get()
    assert (made.invoice, made.what, made.made_by) == (printed, "printed", BulkRun.objects.get().created_by)
    assert desk.get("/reception/invoices/").content.decode().count("printed 24 Nov") == 1
    assert f"Printed by {made.made_by.name}: " in desk.get(f"/reception/invoices/{printed.number}/").content.decode()
    assert "Printed by" not in desk.get(f"/reception/invoices/{other.number}/").content.decode()
    # Opening the paper of one is looking at it.
    desk.get(f"/reception/invoices/{other.number}/pdf/")
    assert Dispatch.objects.count() == 1


def test_they_are_mailed_once_and_who_has_no_address_is_counted(desk):
    reached, unknown = issue(patient=make.patient(email="ana@example.com")), issue(patient=make.patient(email=""))
    begun(desk, "send", [reached, unknown])
    run = BulkRun.objects.get()
    for _ in range(2):
        BulkRun.objects.filter(pk=run.pk).update(finished_at=None, done=0, skipped=0)
        together.go_through(run.pk)
    run.refresh_from_db()
    assert (run.done, run.skipped, run.sent) == (2, 1, 1)
    assert Notice.objects.filter(template="invoice").count() == 1


@pytest.mark.parametrize("kind", ["print", "send"])
def test_more_than_a_task_may_do_is_gone_on_with_by_the_next(desk, monkeypatch, kind):
    """Five hundred papers take longer than the queue lets a task live: it ended the run, and began it anew."""
    monkeypatch.setattr(together, "SECONDS", -1.0)
    invoices = [issue(patient=make.patient(email=f"ana{n}@example.com")) for n in range(3)]
    begun(desk, kind, invoices)
    run = BulkRun.objects.get()
    for done in (1, 2):
        OrmQ.objects.all().delete()
        together.go_through(run.pk)
        run.refresh_from_db()
        assert (run.done, run.finished_at) == (done, None)
        assert [task.func() for task in OrmQ.objects.all()] == [together.GOES_THROUGH]
    together.go_through(run.pk)
    run.refresh_from_db()
    assert run.finished_at is not None
    if kind == "print":
        pages = PdfReader(io.BytesIO(bytes(run.pdf))).pages
        assert [invoice.number in page.extract_text() for invoice, page in zip(invoices, pages, strict=True)] == [
            True
        ] * 3
    else:
        assert Notice.objects.filter(template="invoice").count() == 3


def test_before_many_e_mails_go_out_it_is_asked_how_many(desk):
    invoices = [issue(), issue()]
    sent = {"kind": "send", "invoice": [invoice.number for invoice in invoices]}
    asked = desk.post(URL, sent)
    assert asked.status_code == 200
    assert "Send 2 e-mails?" in asked.content.decode()
    assert not BulkRun.objects.exists()
    # One that was voided meanwhile is another number, so it is asked again.
    void(invoices[0])
    assert "Send 1 e-mail?" in desk.post(URL, sent | {"sure": "2"}).content.decode()
    assert desk.post(URL, sent | {"sure": "1"}).status_code == 302
    assert BulkRun.objects.get().invoices == [invoices[1].pk]


def test_only_what_never_went_out_is_ticked(desk):
    printed, fresh = issue(), issue()
    begun(desk, "print", [printed])
    together.go_through(BulkRun.objects.get().pk)
    page = desk.get(URL).content.decode()
    assert f'value="{fresh.number}" checked' in page
    assert f'value="{printed.number}">' in page


def test_nothing_ticked_does_nothing(desk):
    issue()
    assert desk.post(URL, {"kind": "print"}).status_code == 422
    assert desk.post(URL, {"kind": "print", "invoice": ["INV-NOWHERE", "a\x00"]}).status_code == 422
    assert not BulkRun.objects.exists()


def test_it_is_ones_own(desk):
    begun(desk, "print", [issue()])
    run = BulkRun.objects.get()
    assert make.client_for(make.staff()).get(f"{URL}{run.code}/").status_code == 404
    assert make.signed_in_client(role=Role.PSYCHOLOGIST).get(URL).status_code == 403


def test_it_is_put_away(desk):
    begun(desk, "print", [issue()])
    assert together.put_away() == 0
    BulkRun.objects.update(created_at="2026-11-22T00:00Z")
    assert together.put_away() == 1
