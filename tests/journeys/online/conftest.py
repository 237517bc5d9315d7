"""Paying online, by Stripe's own client, at the stand-in that speaks its protocol."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from portal.billing import actions
from portal.billing.charges import Charge
from portal.billing.models import PaymentAttempt, StripeEvent, StripeRefund
from portal.journeys.online import tasks
from portal.ops.stripe_stand_in import Server
from tests import make

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
GOOD, DECLINED, ASKS = "4242 4242 4242 4242", "4000000000000002", "4000 0025 0000 3155"


class Till:
    """A patient who owes money, Stripe's stand-in, and what the queue would do."""

    def __init__(self, server: Server, clock) -> None:
        self.server, self.books, self.clock = server, server.books, clock
        self.user = make.user()
        self.patient = make.patient(user=self.user)
        self.client = make.client_for(self.user)
        self.heard = 0

    @property
    def now(self):
        return datetime.now(UTC)

    def invoice(self, price="220.00", **fields):
        by = make.actor()
        draft = actions.draft_invoice(
            patient=fields.pop("patient", self.patient),
            psychologist=make.psychologist(),
            location=make.location(),
            charges=[Charge(description="Session", unit_price=Decimal(price))],
            by=by,
            now=self.now,
            **fields,
        )
        return actions.issue_invoice(invoice=draft, by=by, now=self.now)

    def at_the_desk(self, invoice, amount):
        invoice.refresh_from_db()
        return actions.record_payment(
            invoice=invoice, amount=Decimal(amount), method="cash", key=f"desk{amount}", by=make.actor(), now=self.now
        )

    def press_pay(self, invoice, client=None):
        """Presses "Pay" on the invoice's page; the name of Stripe's page that it leads to."""
        response = (client or self.client).post(reverse("patient:pay", args=[invoice.number]))
        assert response.status_code == 302
        return urlsplit(response["Location"]).path.rpartition("/")[2]

    def pays(self, page, card=GOOD, **how):
        return self.books.pay_page(page, card, **how)

    def messages(self):
        """What Stripe has said since this was asked last."""
        fresh, self.heard = self.books.events[self.heard :], len(self.books.events)
        return fresh

    def hears(self, *events, at=None, secret=""):
        """Stripe's messages come in, and the queue works on what is new; the statuses of the answers."""
        statuses = []
        for event in events:
            body, signature = self.server.message(event, at=at, secret=secret)
            response = Client().post(
                "/api/webhooks/stripe/", body, content_type="application/json", headers={"Stripe-Signature": signature}
            )
            statuses.append(response.status_code)
        self.works()
        return statuses

    def works(self):
        """The queue does what it was given."""
        for event in StripeEvent.objects.filter(handled_at=None):
            tasks.handle_event(event.pk)
        for refund in StripeRefund.objects.filter(status="asked"):
            tasks.send_refund(refund.pk)

    def attempt(self):
        return PaymentAttempt.objects.latest("pk")

    def later(self, seconds):
        self.clock.shift(seconds)

    def asked(self, what):
        """How often Stripe was asked to do this."""
        return sum(path == what and method == "POST" for method, path, _key in self.server.requests)


@pytest.fixture
def till(db, settings):
    server = Server(key="sk_test_standin", secret="whsec_standin").start()
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk_test_standin", "whsec_standin"
    settings.STRIPE_API_BASE = settings.STRIPE_CHECKOUT_ORIGIN = server.address
    make.clinic()
    with time_machine.travel(NOW, tick=False) as clock:
        yield Till(server, clock)
    server.shutdown()
    server.server_close()
