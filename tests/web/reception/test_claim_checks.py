"""What the desk sees of the Medicare check, and what it holds back."""

from datetime import timedelta

import pytest
from django.urls import reverse

from portal.accounts.roles import Role
from portal.billing.models import ClaimOverride
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
