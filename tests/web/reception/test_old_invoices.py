"""An invoice's page acts on what it showed: whoever comes second is told who was first, and nothing is done twice."""

from decimal import Decimal

import pytest
from django.urls import reverse

from portal.accounts.roles import Role
from portal.appointments.models import Status
from portal.billing import actions
from portal.billing.models import CreditNote, Invoice, InvoiceStatus, Payment
from portal.journeys import checking_out
from tests import make
from tests.web.forms import form_to
from tests.web.reception.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def invoice(place):
    make.mbs_items()
    session = place.session(hours=-2, status=Status.ARRIVED)
    held = checking_out.as_booked(session)
    return checking_out.check_out(appointment=session, held=held, key="a", by=make.actor(), now=NOW)


@pytest.fixture
def other(clinic, now):
    return make.signed_in_client(role=Role.RECEPTION, first_name="Kim", last_name="Lee")


def opened(browser, page, name, *args, **typed):
    """The form of a page that was opened now, to be sent later."""
    address = reverse(f"reception:{name}", args=args)
    fields = form_to(browser.get(page), address, with_field="seen") | typed
    return lambda **more: browser.post(address, fields | more)


def paying(browser, invoice, amount):
    page = reverse("reception:invoice", args=[invoice.number])
    return opened(browser, page, "pay", invoice.number, method="cash", amount=amount)


def plain(text):
    return " ".join(text.replace("\u202f", " ").split())


def said(answer):
    return plain(" ".join(str(message) for message in answer.wsgi_request._messages))


def test_the_same_money_is_not_recorded_by_two_people(desk, other, invoice):
    late, first = paying(desk, invoice, "100"), paying(other, invoice, "100")
    assert first().status_code == 302
    receipt = Payment.objects.get().number
    answer = late()
    body = plain(answer.content.decode())
    assert answer.status_code == 409
    assert f"Kim Lee recorded $100.00 at 11:00 am: receipt {receipt}. $120.00 is owing now." in body
    assert Payment.objects.count() == 1
    # What was typed stands there still, and sent again it is meant.
    again = form_to(answer, reverse("reception:pay", args=[invoice.number]), with_field="seen")
    assert again["amount"] == "100"
    assert desk.post(reverse("reception:pay", args=[invoice.number]), again).status_code == 302
    assert Invoice.objects.get().paid == Decimal(200)


def test_a_second_payment_of_all_says_who_took_the_first(desk, other, invoice):
    late, first = paying(desk, invoice, "220"), paying(other, invoice, "220")
    first()
    answer = late()
    assert answer.url == reverse("reception:invoice", args=[invoice.number])
    receipt = Payment.objects.get().number
    assert said(answer) == (
        "This invoice is paid. Nothing more was recorded. "
        f"Kim Lee recorded $220.00 at 11:00 am: receipt {receipt}. Nothing is owing now."
    )


def test_one_presses_twice_and_nothing_is_said_to_be_changed(desk, invoice):
    press = paying(desk, invoice, "100")
    assert press().url == press().url
    assert Payment.objects.count() == 1


def test_the_same_money_is_not_given_back_by_two_people(desk, other, invoice):
    by = make.actor()
    paid = actions.record_payment(invoice=invoice, amount=Decimal(220), method="card", key="p", by=by, now=NOW)
    page = reverse("reception:refund_payment", args=[invoice.number, paid.number])
    late, first = (
        opened(browser, page, "refund_payment", invoice.number, paid.number, amount="50", reason="x")
        for browser in (desk, other)
    )
    assert first().status_code == 302
    answer = late()
    assert (answer.status_code, Payment.objects.filter(amount__lt=0).count()) == (409, 1)
    assert "Kim Lee gave $50.00 back at 11:00 am" in plain(answer.content.decode())


def test_the_same_amount_is_not_taken_off_by_two_people(desk, other, invoice):
    page = reverse("reception:credit_invoice", args=[invoice.number])
    late, first = (
        opened(browser, page, "credit_invoice", invoice.number, amount="20", reason="Agreed", line="1")
        for browser in (desk, other)
    )
    assert first().status_code == 302
    answer = late()
    assert (answer.status_code, CreditNote.objects.count()) == (409, 1)
    assert "Kim Lee took $20.00 off at 11:00 am" in plain(answer.content.decode())


def test_an_invoice_that_was_lowered_meanwhile_is_not_voided(desk, other, invoice):
    page = reverse("reception:void_invoice", args=[invoice.number])
    voiding = opened(desk, page, "void_invoice", invoice.number, reason="Wrong person")
    credit = reverse("reception:credit_invoice", args=[invoice.number])
    opened(other, credit, "credit_invoice", invoice.number, amount="20", reason="Agreed", line="1")()
    answer = voiding()
    assert (answer.status_code, Invoice.objects.get().status) == (409, InvoiceStatus.ISSUED)
    assert "Kim Lee took $20.00 off at 11:00 am" in plain(answer.content.decode())
