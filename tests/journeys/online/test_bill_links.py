"""The link that is mailed with an invoice: one bill, no sign-in, no more than the amount, and it ends."""

from __future__ import annotations

import re
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils.html import strip_tags

from portal.accounts.roles import Role
from portal.billing import actions
from portal.billing.models import BillLink, StripeRefund
from portal.billing.online import links
from portal.journeys import mailing, voiding
from portal.journeys.online import tasks
from portal.notifications.models import Notice
from tests import make

pytestmark = pytest.mark.django_db


def mailed(till, invoice):
    mailing.send_invoice(invoice=invoice, key="k", by=make.actor(), now=till.now)
    text = Notice.objects.filter(template="invoice").latest("pk").text
    return urlsplit(re.search(r"https?://\S+/bill/\S+", text)[0]).path


def opened(address, client=None):
    client = client or Client()
    return client, client.get(address, follow=True)


def test_shows_no_more_than_the_bill(till):
    invoice = till.invoice()
    client, page = opened(mailed(till, invoice))
    words = page.content.decode()
    assert page.status_code == 200
    assert "$220.00 to pay" in words
    assert invoice.number in words
    for secret in (till.patient.legal_last_name, till.patient.called, "Session<", invoice.psychologist.name):
        assert secret not in words
    assert "<title>A bill" in words
    assert client.get(f"/my/invoices/{invoice.number}/").status_code == 302


def test_the_token_leaves_the_address_and_is_not_kept(till):
    invoice = till.invoice()
    address = mailed(till, invoice)
    token = address.strip("/").rpartition("/")[2]
    _client, page = opened(address)
    assert token not in page.redirect_chain[-1][0]
    assert BillLink.objects.get().token_hash != token
    assert Client().get(page.redirect_chain[-1][0]).status_code == 404


def test_paying_by_it(till):
    invoice = till.invoice()
    client, page = opened(mailed(till, invoice))
    bill = page.redirect_chain[-1][0]
    answer = client.post(bill)
    till.pays(urlsplit(answer["Location"]).path.rpartition("/")[2])
    back = client.get(f"/paying/{till.attempt().code}/")
    assert back["Location"] == f"{bill}?paying={till.attempt().code}"
    assert "We are waiting for word" in client.get(back["Location"]).content.decode()
    till.hears(*till.messages())
    assert "Thank you: your payment of $220.00 has arrived" in client.get(back["Location"]).content.decode()
    invoice.refresh_from_db()
    assert invoice.paid == Decimal("220.00")
    assert client.post(bill)["Location"] == bill


@pytest.mark.parametrize("how", ["ended", "revoked", "made up", "void"])
def test_a_link_that_is_over(till, how):
    invoice = till.invoice()
    address = mailed(till, invoice)
    client, page = opened(address)
    bill = page.redirect_chain[-1][0]
    match how:
        case "ended":
            till.later(links.LASTS.total_seconds() + 1)
        case "revoked":
            assert links.revoke(invoice=invoice, by=make.actor(), now=till.now) == 1
        case "made up":
            address = "/bill/" + "a" * 43 + "/"
        case "void":
            from portal.billing import actions

            actions.void_invoice(invoice=invoice, reason="Wrong", by=make.actor(), now=till.now)
    assert opened(address)[1].status_code == 410
    if how in {"revoked", "void"}:
        assert client.get(bill).status_code == 410
        assert client.post(bill).status_code == 410
    assert till.asked("checkout/sessions") == 0


def test_the_desk_takes_links_back(till):
    invoice = till.invoice()
    address = mailed(till, invoice)
    desk = make.client_for(make.staff(Role.RECEPTION))
    assert "Take back the mailed link" in desk.get(f"/reception/invoices/{invoice.number}/").content.decode()
    desk.post(f"/reception/invoices/{invoice.number}/links/end/")
    assert opened(address)[1].status_code == 410
    assert "Take back the mailed link" not in desk.get(f"/reception/invoices/{invoice.number}/").content.decode()


def test_no_link_where_nothing_is_owing(till):
    invoice = till.invoice()
    till.at_the_desk(invoice, "220.00")
    invoice.refresh_from_db()
    mailing.send_invoice(invoice=invoice, key="k", by=make.actor(), now=till.now)
    assert "/bill/" not in Notice.objects.latest("pk").text


def test_opening_is_limited(till):
    client = Client()
    statuses = [client.get("/bill/" + "b" * 43 + "/").status_code for _ in range(61)]
    assert statuses[-1] == 429
    assert set(statuses[:-1]) == {410}


def pressed(till, client, bill):
    """Presses "Pay" on the mailed bill; Stripe's page."""
    return urlsplit(client.post(bill)["Location"]).path.rpartition("/")[2]


def test_the_bill_is_taken_back_while_it_is_paid(till):
    """The payer, who has no account, is told what becomes of the money; so is the desk."""
    till.patient = make.patient(email="payer@example.org")
    invoice = till.invoice()
    client, page = opened(mailed(till, invoice))
    bill = page.redirect_chain[-1][0]
    till.pays(pressed(till, client, bill))
    voiding.void_invoice(invoice=invoice, reason="Billed twice", by=make.actor(), now=till.now)
    back = client.get(f"/paying/{till.attempt().code}/")["Location"]
    assert "We are waiting for word" in client.get(back).content.decode()
    till.hears(*till.messages())
    words = client.get(back).content.decode()
    assert "We had taken this invoice back before your payment arrived, so $220.00 goes back to your card." in words
    assert invoice.number not in words
    assert client.get(bill).status_code == 410
    mail = Notice.objects.get(template="payment_received").text
    assert "We had taken this invoice back" in mail
    assert "/my/" not in mail
    desk = make.client_for(make.staff())
    shown = desk.get(f"/reception/invoices/{invoice.number}/").content.decode()
    payment = till.attempt().payment
    assert "Nothing has been paid yet" not in shown
    assert f"/reception/takings/{payment.number}/" in shown
    assert "That went back to the card." in shown
    receipt = desk.get(f"/reception/takings/{payment.number}/").content.decode()
    assert StripeRefund.objects.get().refund.number in receipt
    assert "$220.00 of it went back to the card" in desk.get("/reception/online/").content.decode()


def test_taking_a_bill_back_closes_its_page(till):
    invoice = till.invoice()
    client, page = opened(mailed(till, invoice))
    name = pressed(till, client, page.redirect_chain[-1][0])
    voiding.void_invoice(invoice=invoice, reason="Billed twice", by=make.actor(), now=till.now)
    tasks.close_pages(invoice.pk)
    assert till.attempt().status == "expired"
    assert till.books.objects[name]["status"] == "expired"


def test_some_of_it_was_taken_off_meanwhile(till):
    invoice = till.invoice()
    page = till.press_pay(invoice)
    line = invoice.lines.get()
    actions.credit_line(line=line, amount=Decimal(120), reason="Shorter", key="c", by=make.actor(), now=till.now)
    till.pays(page)
    till.hears(*till.messages())
    mail = Notice.objects.get(template="payment_received").text
    assert "That is $120.00 more than was left to pay by then, so it goes back to your card." in mail
    words = strip_tags(till.client.get(f"/my/invoices/{invoice.number}/").content.decode())
    assert f"Receipt {till.attempt().payment.number} is for $220.00: $120.00 of it" in words
