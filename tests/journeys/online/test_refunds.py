"""Money back to the card: asked for at the desk, once, no more than was paid, and followed to its end."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.urls import reverse

from portal.accounts.roles import Role
from portal.billing.models import OnlineTrouble, Payment, StripeRefund
from portal.billing.online import refunds
from portal.billing.online.client import asking
from portal.billing.refusals import NotRefundable
from portal.journeys.online import tasks
from tests import make

from .conftest import GOOD

pytestmark = pytest.mark.django_db


def paid_online(till, card=GOOD, price="220.00"):
    invoice = till.invoice(price)
    till.pays(till.press_pay(invoice), card)
    till.hears(*till.messages())
    invoice.refresh_from_db()
    assert invoice.paid == Decimal(price)
    return invoice, Payment.objects.get(method="stripe", amount__gt=0)


def left(invoice):
    invoice.refresh_from_db()
    return invoice.paid


@pytest.fixture
def desk(db):
    return make.client_for(make.staff(Role.RECEPTION))


def form_of(desk, url):
    page = desk.get(url).content.decode()
    return {name: re.search(rf'name="{name}" value="([^"]*)"', page)[1] for name in ("key", "seen")}


def refund(desk, invoice, payment, amount, **more):
    url = reverse("reception:refund_payment", args=[invoice.number, payment.number])
    form = form_of(desk, url) | {"amount": amount, "reason": "Charged for the wrong day"} | more
    return desk.post(url, form), form, url


def test_in_part(till, desk):
    invoice, payment = paid_online(till)
    answer, form, url = refund(desk, invoice, payment, "50.50")
    assert answer.status_code == 302
    assert left(invoice) == Decimal("169.50")
    row = StripeRefund.objects.get()
    assert (row.status, row.refund.amount, row.refund.reference) == ("done", Decimal("-50.50"), row.stripe_id)
    assert till.books.objects[row.stripe_id]["amount"] == 5050
    desk.post(url, form)
    till.hears(*till.messages())
    assert left(invoice) == Decimal("169.50")
    assert till.asked("refunds") == 1


def test_larger_than_the_payment(till, desk):
    invoice, payment = paid_online(till)
    answer, _form, _url = refund(desk, invoice, payment, "220.01")
    assert answer.status_code == 422
    assert "Only $220.00 of this payment is left to give back." in answer.content.decode()
    assert till.asked("refunds") == 0
    assert left(invoice) == Decimal("220.00")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("50,50", "Write cents after a point, such as 220.50, and a comma only before three digits, as in 1,234."),
        ("٢٢٠٫٠١", "Only $220.00 of this payment is left to give back."),
        ("1000", "Only $220.00 of this payment is left to give back."),
        ("0", "Write an amount above zero."),
        ("-5", "Write an amount above zero."),
        ("", "Fill this in."),
        ("all of it", "Write an amount in dollars, such as 220 or 220.50."),
        ("50.505", "Write dollars and cents, such as 220.50."),
    ],
)
@pytest.mark.parametrize("way", ["to the card", "at the desk"])
def test_an_amount_that_cannot_be_given_back(till, desk, settings, way, typed, said):
    invoice, payment = paid_online(till)
    if way == "at the desk":
        settings.STRIPE_SECRET_KEY = settings.STRIPE_WEBHOOK_SECRET = ""
    answer, _form, _url = refund(
        desk, invoice, payment, typed, method="transfer", other_way="on", received_on="24/11/2026"
    )
    assert answer.status_code == 422
    page = answer.content.decode()
    field = page[page.index('name="amount"') - 400 : page.index('name="amount"') + 900]
    assert 'aria-invalid="true"' in field
    assert said in re.sub(r"\s+", " ", page.replace("&#x27;", "'"))
    assert till.asked("refunds") == 0
    assert left(invoice) == Decimal("220.00")


@pytest.mark.parametrize("typed", ["٥٠٫٥٠", "$50.50", "５０.５０"])
def test_an_amount_as_people_write_it(till, desk, typed):
    invoice, payment = paid_online(till)
    assert refund(desk, invoice, payment, typed)[0].status_code == 302
    assert left(invoice) == Decimal("169.50")


def test_a_reason_is_asked_for(till, desk):
    invoice, payment = paid_online(till)
    answer, _form, _url = refund(desk, invoice, payment, "50.50", reason="")
    assert answer.status_code == 422
    assert "aria-invalid" in answer.content.decode()
    assert till.asked("refunds") == 0


def test_what_is_on_its_way_is_not_there_for_another(till, desk):
    invoice, payment = paid_online(till, "4000000000007726")
    refund(desk, invoice, payment, "200.00")
    assert left(invoice) == Decimal("220.00")
    with pytest.raises(NotRefundable) as refused:
        refunds.ask(
            payment=payment,
            invoice=invoice,
            amount=Decimal("20.01"),
            key="0" * 32,
            by=make.actor(),
            now=till.now,
        )
    assert refused.value.left == Decimal("20.00")
    row = StripeRefund.objects.get()
    till.books.finish_refund(row.stripe_id, "succeeded")
    till.hears(*till.messages())
    assert left(invoice) == Decimal("20.00")


def test_one_that_comes_back_is_the_clinics_again(till, desk):
    invoice, payment = paid_online(till, "4000000000005126")
    refund(desk, invoice, payment, "220.00")
    assert left(invoice) == 0
    till.hears(*till.messages())
    assert left(invoice) == Decimal("220.00")
    assert OnlineTrouble.objects.get().kind == "refund_returned"
    till.hears(*till.messages())
    assert sum(Payment.objects.values_list("amount", flat=True)) == Decimal("220.00")


def test_one_that_fails_while_it_is_on_its_way(till, desk):
    invoice, payment = paid_online(till, "4000000000007726")
    refund(desk, invoice, payment, "220.00")
    till.books.finish_refund(StripeRefund.objects.get().stripe_id, "failed")
    till.hears(*till.messages())
    assert left(invoice) == Decimal("220.00")
    assert StripeRefund.objects.get().status == "failed"
    assert OnlineTrouble.objects.get().kind == "refund_failed"


def test_stripe_is_down_while_it_is_asked(till, desk):
    invoice, payment = paid_online(till)
    till.server.is_down = True
    answer, _form, _url = refund(desk, invoice, payment, "220.00")
    assert answer.status_code == 302
    assert left(invoice) == Decimal("220.00")
    till.server.is_down = False
    till.later(180)
    tasks.go_round()
    assert left(invoice) == 0
    assert sum(row["amount"] for row in till.books.objects.values() if row["object"] == "refund") == 22000


def test_made_in_stripes_own_pages(till):
    invoice, payment = paid_online(till)
    till.books.refund({"payment_intent": payment.reference, "amount": "2000"})
    till.hears(*till.messages())
    assert left(invoice) == Decimal("200.00")
    assert StripeRefund.objects.get().why == "at_stripe"


def test_two_messages_at_once_of_one_made_in_stripes_own_pages(till):
    """Neither had a row yet when it looked: it is written down once, and never sent by us."""
    _invoice, payment = paid_online(till)
    name = till.books.refund({"payment_intent": payment.reference, "amount": "2000"})["id"]
    with asking() as stripe:
        answer = stripe.v1.refunds.retrieve(name)
    made = refunds.made_at_stripe(answer, now=till.now)
    assert made.stripe_id == name
    assert refunds.made_at_stripe(answer, now=till.now) == made
    till.hears(*till.messages())
    assert StripeRefund.objects.get().status == "done"
    assert not OnlineTrouble.objects.exists()


def test_patients_may_not(till):
    invoice, payment = paid_online(till)
    url = reverse("reception:refund_payment", args=[invoice.number, payment.number])
    assert till.client.post(url, {"amount": "1"}).status_code == 403
