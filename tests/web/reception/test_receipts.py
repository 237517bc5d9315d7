"""The page of a receipt at the desk: printed, and mailed to whoever is billed."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.urls import reverse
from pypdf import PdfReader

from portal.billing import actions
from portal.billing.actions import BillTo
from portal.notifications import outbox
from portal.notifications.models import Notice
from tests import make
from tests.billing.conftest import Books
from tests.web.reception.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def books(place):
    books = Books()
    books.now = NOW
    return books


def test_a_receipt_is_mailed_to_who_is_billed_once_for_each_page(desk, books):
    patient = make.patient(email="anna@example.com", language="zh-hans")
    invoice = books.issued("220.00", patient=patient)
    taking = books.take(patient, [("cash", "100.00"), ("card", "120.00")], [(invoice, "220.00")])
    there = reverse("reception:taking", args=[taking.number])
    key = desk.get(there).context["key"]
    for _twice in range(2):
        assert desk.post(reverse("reception:send_receipt", args=[taking.number]), {"key": key}).url == there
    notice = Notice.objects.get(template="receipt")
    ((name, _type, pdf),) = outbox.attachments_of(notice)
    words = " ".join(PdfReader(BytesIO(pdf)).pages[0].extract_text().split())
    assert name == f"{taking.number}.pdf"
    assert "Cash $100.00 Card $120.00" in words
    assert (notice.to, notice.language) == ("anna@example.com", "zh-hans")
    assert "anna@example.com" in desk.get(there).content.decode()


def test_one_payment_and_a_refund_have_a_page_of_the_same_kind(desk, books):
    invoice = books.issued("220.00", patient=make.patient(email="anna@example.com"))
    payment = books.pay(invoice, "220.00")
    refund = books.refund(payment, invoice, "20.00", reason="Charged twice")
    for one, title in ((payment, "$220.00 taken"), (refund, "$20.00 refunded")):
        answer = desk.get(reverse("reception:taking", args=[one.number]))
        assert title in answer.content.decode()
        assert desk.get(reverse("reception:taking_pdf", args=[one.number]))["Content-Type"] == "application/pdf"
        sent = {"key": answer.context["key"]}
        assert desk.post(reverse("reception:send_receipt", args=[one.number]), sent).status_code == 302
    assert Notice.objects.filter(template="receipt").count() == 2
    assert desk.get(reverse("reception:taking", args=["RCP-NONE"])).status_code == 404


def test_what_was_written_down_wrong_is_no_receipt_any_more(desk, books):
    invoice = books.issued("220.00", patient=make.patient(email="anna@example.com"))
    wrong = books.pay(invoice, "220.00", method="cash")
    right = actions.correct_payment(
        payment=wrong, method="card", received_on=wrong.received_on, reference="", location=None, reason="It was card",
        key="c", by=books.by, now=NOW,
    )  # fmt: skip
    back = wrong.reversals.get()
    page = desk.get(reverse("reception:taking", args=[wrong.number]))
    words = page.content.decode()
    assert f"Corrected by {right.number}" in words
    assert reverse("reception:taking", args=[right.number]) in words
    assert (
        f"${back.amount * -1} corrected" in desk.get(reverse("reception:taking", args=[back.number])).content.decode()
    )
    for one in (wrong, back):
        there = reverse("reception:send_receipt", args=[one.number])
        assert there not in desk.get(reverse("reception:taking", args=[one.number])).content.decode()
        desk.post(there, {"key": page.context["key"]})
    assert not Notice.objects.filter(template="receipt").exists()
    pdf = desk.get(reverse("reception:taking_pdf", args=[wrong.number])).content
    paper = " ".join(PdfReader(BytesIO(pdf)).pages[0].extract_text().split())
    assert f"Corrected by {right.number}" in paper
    assert "This receipt says that money was paid" not in paper
    listed = desk.get(reverse("reception:invoice", args=[invoice.number])).content.decode()
    assert reverse("reception:taking", args=[right.number]) in listed


def test_it_goes_to_whoever_its_invoices_are_billed_to(desk, books):
    patient = make.patient(email="anna@example.com")
    own, theirs = books.issued("100.00", patient=patient), books.issued("50.00", patient=patient)
    payer = make.payer(email="bills@example.com")
    other = books.issued("70.00", patient=patient, bill_to=BillTo(payer))
    taking = books.take(patient, [("card", "150.00")], [(own, "100.00"), (theirs, "50.00")])
    assert desk.get(reverse("reception:taking", args=[taking.number])).context["address"] == "anna@example.com"
    payment = books.pay(other, "70.00")
    assert desk.get(reverse("reception:taking", args=[payment.number])).context["address"] == "bills@example.com"
