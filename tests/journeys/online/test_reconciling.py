"""Our books and Stripe's are compared: what messages missed is found, and what nobody can explain is shown."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.accounts.roles import Role
from portal.billing.models import OnlineTrouble, Payment, Reconciliation
from portal.journeys.online import reconciling, tasks
from tests import make

pytestmark = pytest.mark.django_db


def test_a_lost_payment_is_found(till):
    invoice = till.invoice()
    till.pays(till.press_pay(invoice))
    run = reconciling.reconcile(now=till.now)
    invoice.refresh_from_db()
    assert invoice.paid == Decimal("220.00")
    assert (run.payments, run.found_payments, run.troubles) == (1, 1, 0)
    again = reconciling.reconcile(now=till.now)
    assert (again.payments, again.found_payments, again.troubles) == (1, 0, 0)
    assert Payment.objects.count() == 1


def test_a_lost_refund_is_found(till):
    invoice = till.invoice()
    till.pays(till.press_pay(invoice))
    till.hears(*till.messages())
    till.books.refund({"payment_intent": Payment.objects.get().reference, "amount": "22000"})
    run = reconciling.reconcile(now=till.now)
    invoice.refresh_from_db()
    assert invoice.paid == 0
    assert (run.refunds, run.found_refunds) == (1, 1)
    assert reconciling.reconcile(now=till.now).found_refunds == 0


def test_what_nobody_knows_is_shown_once(till):
    till.books._intent(5000, "aud", till.books._make("pm", "payment_method", number="4242424242424242"), {}, None)
    till.later(3600)
    assert reconciling.reconcile(now=till.now).troubles == 1
    assert reconciling.reconcile(now=till.now).troubles == 0
    trouble = OnlineTrouble.objects.get()
    assert (trouble.kind, trouble.amount) == ("unknown_payment", Decimal("50.00"))
    desk = make.client_for(make.staff(Role.RECEPTION))
    assert "Stripe has a payment that the portal does not know" in desk.get("/reception/online/").content.decode()
    assert "Card payments online to look after: 1" in desk.get("/reception/to-do/").content.decode()
    assert desk.post(f"/reception/online/{trouble.code}/settle/", {"how": ""}).status_code == 422
    desk.post(f"/reception/online/{trouble.code}/settle/", {"how": "Paid by phone, recorded by hand"})
    trouble.refresh_from_db()
    assert trouble.how == "Paid by phone, recorded by hand"
    assert "recorded by hand" in desk.get("/reception/online/").content.decode()


def test_half_way(till):
    till.server.is_down = True
    with pytest.raises(Exception):  # noqa: B017, PT011 - the queue tries again
        tasks.reconcile()
    assert Reconciliation.objects.get().ended_at is None
    desk = make.client_for(make.staff(Role.MANAGER))
    assert "It stopped: Stripe could not be reached" in desk.get("/reception/online/").content.decode()


def test_the_page_asks_as_often_for_many(till):
    desk = make.client_for(make.staff(Role.RECEPTION))

    def queries():
        with CaptureQueriesContext(connection) as asked:
            assert desk.get("/reception/online/").status_code == 200
        return len(asked)

    till.pays(till.press_pay(till.invoice()))
    till.hears(*till.messages())
    queries()
    first = queries()
    for _ in range(5):
        till.pays(till.press_pay(till.invoice()))
    till.hears(*till.messages())
    assert queries() == first
