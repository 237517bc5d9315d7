"""An invoice is paid online: once, whatever the order and the number of the messages, and never lost."""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape

import pytest
import stripe
from django.test import Client
from django.urls import reverse

from portal.billing.models import AttemptStatus, Payment, PaymentAttempt, StripeEvent, StripeRefund
from portal.journeys.online import tasks
from portal.notifications.models import Notice
from tests import make

from .conftest import ASKS, DECLINED, GOOD

pytestmark = pytest.mark.django_db


def paid(invoice):
    invoice.refresh_from_db()
    return invoice.paid


def came_in():
    """What arrived by card, less what went back, in dollars."""
    return sum(Payment.objects.filter(method="stripe").values_list("amount", flat=True))


def test_paid(till):
    invoice = till.invoice()
    page = till.press_pay(invoice)
    assert till.pays(page) == "paid"
    assert paid(invoice) == 0
    assert till.hears(*till.messages()) == [200, 200]
    assert paid(invoice) == Decimal("220.00")
    attempt = till.attempt()
    assert attempt.status == AttemptStatus.PAID
    assert attempt.payment_intent == till.books.objects[page]["payment_intent"] == attempt.payment.reference
    assert list(Notice.objects.values_list("template", flat=True)) == ["payment_received"]


def test_what_stripe_is_told(till):
    invoice = till.invoice()
    page = till.books.objects[till.press_pay(invoice)]
    assert page["amount_total"] == 22000
    assert page["currency"] == "aud"
    assert page["asked"]["line_items"][0]["price_data"]["product_data"] == {"name": f"Invoice {invoice.number}"}
    assert till.patient.name not in str(page)


def test_declined(till):
    invoice = till.invoice()
    page = till.press_pay(invoice)
    assert till.pays(page, DECLINED) == "generic_decline"
    assert till.pays(page, GOOD) == "paid"
    till.hears(*till.messages())
    assert paid(invoice) == came_in() == Decimal("220.00")


def test_abandoned(till):
    invoice = till.invoice()
    till.press_pay(invoice)
    till.later(45 * 60)
    assert tasks.go_round() == 1
    assert till.attempt().status == AttemptStatus.EXPIRED
    assert paid(invoice) == 0
    till.pays(till.press_pay(invoice))
    till.hears(*till.messages())
    assert paid(invoice) == came_in() == Decimal("220.00")


def test_3d_secure(till):
    invoice = till.invoice()
    page = till.press_pay(invoice)
    assert till.pays(page, ASKS) == "asks"
    assert till.pays(page, ASKS, confirmed=False) == "authentication_failed"
    assert paid(invoice) == 0
    assert till.pays(page, ASKS, confirmed=True) == "paid"
    till.hears(*till.messages())
    assert paid(invoice) == came_in() == Decimal("220.00")


def test_doubled(till):
    invoice = till.invoice()
    till.pays(till.press_pay(invoice))
    messages = till.messages()
    till.hears(*messages, *messages)
    for event in StripeEvent.objects.all():
        tasks.handle_event(event.pk)
    assert paid(invoice) == came_in() == Decimal("220.00")
    assert StripeEvent.objects.count() == 2
    assert Notice.objects.count() == 1


def test_out_of_order(till):
    """That a page expired comes after that another was paid, and the other way round."""
    invoice = till.invoice()
    first = till.press_pay(invoice)
    till.later(28 * 60)
    second = till.press_pay(invoice)
    assert second != first
    till.pays(second)
    till.hears(*reversed(till.messages()))
    assert paid(invoice) == came_in() == Decimal("220.00")
    assert set(PaymentAttempt.objects.values_list("session_id", "status")) == {(first, "expired"), (second, "paid")}


def test_ten_minutes_late(till):
    invoice = till.invoice()
    till.pays(till.press_pay(invoice))
    messages = till.messages()
    till.later(600)
    assert till.hears(*messages) == [200, 200]
    assert paid(invoice) == came_in() == Decimal("220.00")


def test_lost(till):
    """No message ever comes: the round asks by itself once Stripe's page is over."""
    invoice = till.invoice()
    till.pays(till.press_pay(invoice))
    till.messages()
    till.later(40 * 60)
    tasks.go_round()
    assert paid(invoice) == came_in() == Decimal("220.00")


def test_coming_back_asks_at_once(till):
    invoice = till.invoice()
    till.pays(till.press_pay(invoice))
    response = till.client.get(reverse("public:back_from_paying", args=[till.attempt().code]))
    assert response["Location"] == f"/my/invoices/{invoice.number}/?paying={till.attempt().code}"
    tasks.look_at_attempt(till.attempt().pk)
    assert paid(invoice) == Decimal("220.00")


def test_coming_back_says_no_bill_to_whoever_may_not_see_it(till):
    invoice = till.invoice()
    till.pays(till.press_pay(invoice))
    back = reverse("public:back_from_paying", args=[till.attempt().code])
    for query in ("", "?stopped"):
        response = Client().get(back + query)
        assert response["Location"].startswith(reverse("account_login"))
        assert invoice.number not in response["Location"]
        assert make.signed_in_client().get(back + query).status_code == 404


@pytest.mark.parametrize("how", ["secret", "changed", "none", "old"])
def test_forged(till, how):
    invoice = till.invoice()
    till.pays(till.press_pay(invoice))
    event = till.messages()[-1]
    body, signature = till.server.message(
        event, at=till.now.timestamp() - (301 if how == "old" else 0), secret="whsec_other" if how == "secret" else ""
    )
    if how == "changed":
        body = body.replace(b"22000", b"99999")
    if how == "none":
        signature = ""
    response = till.client.post(
        "/api/webhooks/stripe/", body, content_type="application/json", headers={"Stripe-Signature": signature}
    )
    assert response.status_code == 400
    assert StripeEvent.objects.count() == 0
    assert paid(invoice) == 0


def test_replayed_after_an_hour(till):
    invoice = till.invoice()
    till.pays(till.press_pay(invoice))
    event = till.messages()[-1]
    at = till.now.timestamp()
    assert till.hears(event) == [200]
    till.later(3600)
    assert till.hears(event, at=at) == [400]
    assert till.hears(event) == [200]
    assert paid(invoice) == came_in() == Decimal("220.00")
    assert StripeEvent.objects.count() == 1


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'"a"', b"\xff\xfe", b'{"id": 1}', b'{"id":"e","type":"t","data":3}']
)
def test_signed_nonsense(till, body):
    at = int(till.now.timestamp())
    try:
        signature = stripe.WebhookSignature.generate_signature_header(body.decode(), "whsec_standin", at)
    except UnicodeDecodeError:
        signature = f"t={at},v1=00"
    response = till.client.post(
        "/api/webhooks/stripe/", body, content_type="application/json", headers={"Stripe-Signature": signature}
    )
    assert response.status_code == 400
    assert StripeEvent.objects.count() == 0


def test_of_nothing_of_ours(till):
    thing = {"id": "cus_1", "object": "customer"}
    assert till.hears(till.books.tell("customer.created", thing)) == [200]
    assert StripeEvent.objects.get().outcome == "ignored"


def test_two_tabs_pay_one_invoice(till):
    invoice = till.invoice()
    first, second = till.press_pay(invoice), till.press_pay(invoice, make.client_for(till.user))
    assert first == second
    assert till.pays(first) == "paid"
    assert till.pays(second) == "complete"
    till.hears(*till.messages())
    assert paid(invoice) == came_in() == Decimal("220.00")
    response = till.client.post(reverse("patient:pay", args=[invoice.number]))
    assert response["Location"] == f"/my/invoices/{invoice.number}/"


def test_paid_at_the_desk_meanwhile(till):
    """The money that came twice goes back to the card, and the books say so."""
    invoice = till.invoice()
    page = till.press_pay(invoice)
    till.at_the_desk(invoice, "220.00")
    till.pays(page)
    till.hears(*till.messages())
    refund = StripeRefund.objects.get()
    assert (refund.status, refund.amount, refund.why) == ("done", Decimal("220.00"), "paid_twice")
    assert paid(invoice) == Decimal("220.00")
    assert came_in() == 0
    till.hears(*till.messages())
    assert came_in() == 0
    assert till.asked("refunds") == 1


def test_partly_paid_at_the_desk_meanwhile(till):
    invoice = till.invoice()
    page = till.press_pay(invoice)
    till.at_the_desk(invoice, "20.00")
    till.pays(page)
    till.hears(*till.messages())
    assert paid(invoice) == Decimal("220.00")
    assert came_in() == Decimal("200.00")


def test_an_amount_that_has_changed_has_a_page_of_its_own(till):
    invoice = till.invoice()
    first = till.press_pay(invoice)
    till.at_the_desk(invoice, "20.00")
    second = till.press_pay(invoice)
    assert till.pays(first) == "expired"
    assert till.books.objects[second]["amount_total"] == 20000
    till.pays(second)
    till.hears(*till.messages())
    assert paid(invoice) == Decimal("220.00")
    assert came_in() == Decimal("200.00")


def test_paid_in_the_moment_in_which_the_page_is_closed(till):
    invoice = till.invoice()
    till.pays(till.press_pay(invoice))
    till.at_the_desk(invoice, "20.00")
    response = till.client.post(reverse("patient:pay", args=[invoice.number]))
    assert response["Location"] == f"/my/invoices/{invoice.number}/"
    till.works()
    assert paid(invoice) == Decimal("220.00")
    assert came_in() == Decimal("200.00")


@pytest.mark.parametrize(
    ("field", "value", "odd"),
    [
        ("amount_total", 21999, "amount"),
        ("currency", "usd", "currency"),
        ("client_reference_id", "x", "reference"),
        ("livemode", True, "account"),
    ],
)
def test_what_does_not_fit_is_for_a_person(till, field, value, odd):
    invoice = till.invoice()
    page = till.press_pay(invoice)
    till.pays(page)
    till.books.objects[page][field] = value
    till.hears(*till.messages())
    assert (till.attempt().status, till.attempt().odd) == (AttemptStatus.OPEN, odd)
    assert paid(invoice) == 0


def test_stripe_is_down(till):
    invoice = till.invoice()
    till.server.is_down = True
    response = till.client.post(reverse("patient:pay", args=[invoice.number]), follow=True)
    assert "The payment page can’t be reached" in response.content.decode().replace("can&#x27;t", "can’t")
    till.server.is_down = False
    till.pays(till.press_pay(invoice))
    till.server.is_down = True
    with pytest.raises(Exception):  # noqa: B017, PT011 - the queue tries again
        till.hears(*till.messages())
    till.server.is_down = False
    till.later(180)
    tasks.go_round()
    assert paid(invoice) == came_in() == Decimal("220.00")
    assert PaymentAttempt.objects.count() == 1


def test_somebody_elses_invoice(till):
    invoice = till.invoice(patient=make.patient())
    assert till.client.post(reverse("patient:pay", args=[invoice.number])).status_code == 404
    assert PaymentAttempt.objects.count() == 0


def _refresh(page):
    head = page.content.decode().partition("</head>")[0]
    found = re.search(r'<noscript><meta http-equiv="refresh" content="10;url=([^"]+)"></noscript>', head)
    return unescape(found[1]) if found else ""


def test_the_page_shows_it_without_reloading(till):
    invoice = till.invoice()
    till.pays(till.press_pay(invoice))
    url = f"/my/invoices/{invoice.number}/?paying={till.attempt().code}"
    page = till.client.get(url)
    assert "We are waiting for word of your payment" in page.content.decode()
    # Without script it is read anew six times, and whoever reads may stop that.
    refreshes = [_refresh(page)]
    while refreshes[-1]:
        refreshes.append(_refresh(till.client.get(f"/my/invoices/{invoice.number}/{refreshes[-1]}")))
    paying = f"?paying={till.attempt().code}&looks="
    assert refreshes == [*(f"{paying}{n}" for n in range(1, 7)), ""]
    assert 'looks=6">Stop looking</a>' in page.content.decode()
    stopped = till.client.get(f"{url}&looks=6").content.decode()
    assert ("Stop looking" in stopped, "Look again" in stopped) == (False, True)
    assert _refresh(till.client.get(f"{url}&looks=x")) == ""
    # The first page gave the browser its cookie against forged requests.
    known = till.client.get(url).context["known"]
    asks = {"HX-Request": "true", "HX-Target": "bill", "HX-Polling": "true", "If-None-Match": f'"{known}"'}
    assert till.client.get(url, headers=asks).status_code == 304
    till.hears(*till.messages())
    fragment = till.client.get(url, headers=asks)
    assert fragment.status_code == 200
    assert "Thank you: your payment of $220.00 has arrived" in fragment.content.decode()
    assert "HX-Polling" not in fragment.content.decode()
    assert "<html" not in fragment.content.decode()


def test_nothing_is_offered_where_no_cards_are_taken(till, settings):
    settings.STRIPE_SECRET_KEY = settings.STRIPE_WEBHOOK_SECRET = ""
    invoice = till.invoice()
    assert "Please pay at the desk" in till.client.get(f"/my/invoices/{invoice.number}/").content.decode()
    response = till.client.post(reverse("patient:pay", args=[invoice.number]))
    assert response["Location"] == f"/my/invoices/{invoice.number}/"
    assert till.client.post("/api/webhooks/stripe/", b"{}", content_type="application/json").status_code == 404


def test_home_says_what_is_owed(till):
    assert "to pay" not in till.client.get("/my/").content.decode()
    invoice = till.invoice()
    page = till.client.get("/my/").content.decode()
    assert "$220.00 to pay" in page
    assert f'action="/my/invoices/{invoice.number}/pay/"' in page
