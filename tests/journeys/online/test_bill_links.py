"""The link that is mailed with an invoice: one bill, no sign-in, no more than the amount, and it ends."""

from __future__ import annotations

import re
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from django.test import Client

from portal.accounts.roles import Role
from portal.billing.models import BillLink
from portal.billing.online import links
from portal.journeys import mailing
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
