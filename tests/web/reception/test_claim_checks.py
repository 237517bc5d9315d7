"""What the desk sees of the Medicare check, and what it holds back."""

from datetime import timedelta

import pytest
from django.urls import reverse

from portal.accounts.roles import Role
from portal.billing.models import BulkRun, ClaimOverride
from portal.billing.refusals import HeldBack
from portal.journeys import mailing, together
from portal.notifications.models import Notice
from tests import make
from tests.billing.conftest import NOW, Books

pytestmark = pytest.mark.django_db
LATE = NOW + timedelta(days=733)


@pytest.fixture
def books():
    make.clinic()
    make.mbs_items()
    return Books()


@pytest.fixture
def invoice(books):
    patient = make.patient(medicare_number="2951873125", medicare_irn="1", email="anna@example.com")
    make.referral(patient=patient)
    session = books.session(patient=patient)
    make.provider_number(psychologist=session.psychologist, location=session.location)
    return books.invoice_of_session(session)


def url(name, invoice):
    return reverse(f"reception:{name}", args=[invoice.number])


def text(response):
    return " ".join(response.content.decode().split())


def test_amber_keeps_nothing_from_being_printed(invoice, time_machine):
    time_machine.move_to(NOW, tick=False)
    desk = make.signed_in_client(role=Role.RECEPTION)
    page = text(desk.get(url("invoice", invoice)))
    assert "Worth a look" in page
    assert "Medicare would refuse" not in page
    assert desk.get(url("invoice_pdf", invoice))["Content-Type"] == "application/pdf"


def test_red_is_held_back_until_somebody_says_why(invoice, time_machine):
    time_machine.move_to(LATE, tick=False)
    desk = make.signed_in_client(role=Role.RECEPTION)
    assert "1 thing that Medicare would refuse" in text(desk.get(url("invoice", invoice)))
    for answer in (desk.get(url("invoice_pdf", invoice)), desk.post(url("email_invoice", invoice), {})):
        assert (answer.status_code, answer.url) == (302, url("invoice", invoice))
    there = url("claim_override", invoice)
    form = desk.get(there).context["form"]
    assert desk.post(there, {"seen": form.initial["seen"], "reason": " "}).status_code == 422
    stale = desk.post(there, {"seen": "year_used_up", "reason": "It went by post"})
    assert stale.status_code == 409
    assert "It went by post" in text(stale)
    assert not ClaimOverride.objects.exists()
    assert desk.post(there, {"seen": form.initial["seen"], "reason": "It went by post"}).status_code == 302
    assert "It went by post" in text(desk.get(url("invoice", invoice)))
    assert desk.get(url("invoice_pdf", invoice))["Content-Type"] == "application/pdf"
    # A second click.
    assert "Nothing holds this invoice back." in text(desk.post(there, {"seen": "x", "reason": "y"}, follow=True))
    assert ClaimOverride.objects.count() == 1


def test_what_is_held_back_goes_out_in_no_bulk_either(invoice, books, time_machine):
    time_machine.move_to(LATE, tick=False)
    books.now = LATE
    good = books.issued("50.00", patient=make.patient(email="ben@example.com"))
    desk = make.signed_in_client(role=Role.RECEPTION)
    for kind in ("print", "send"):
        desk.post(
            "/reception/invoices/together/", {"kind": kind, "invoice": [invoice.number, good.number], "sure": "2"}
        )
        run = BulkRun.objects.get(kind=kind)
        together.go_through(run.pk)
        run.refresh_from_db()
        assert (run.done, run.sent, run.held_back) == (2, 1, [invoice.pk])
        page = text(desk.get(reverse("reception:bulk_run", args=[run.code])))
        assert "1 was held back" in page
        assert invoice.number in page
        assert good.number not in page
    assert [notice.about_code for notice in Notice.objects.filter(template="invoice")] == [str(good.code)]
    desk.post("/reception/invoices/together/", {"kind": "print", "invoice": [invoice.number]})
    alone = BulkRun.objects.latest("pk")
    together.go_through(alone.pk)
    assert desk.get(reverse("reception:bulk_pdf", args=[alone.code])).status_code == 404


def test_no_way_of_mailing_goes_round_the_check(invoice):
    with pytest.raises(HeldBack):
        mailing.send_invoice(invoice=invoice, key="k", by=make.actor(role=Role.RECEPTION), now=LATE)
    assert not Notice.objects.exists()
