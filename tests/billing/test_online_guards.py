"""Tries to pay, Stripe's messages and refunds to cards only move forward: the database refuses the rest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from portal.billing.guards import online as guards
from portal.billing.models import BillLink, OnlineTrouble, Payment, PaymentAttempt, StripeEvent, StripeRefund
from tests import make
from tests.billing.conftest import refused

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def attempt(books, **fields):
    begun = {"amount": Decimal("220.00"), "language": "en-au", "came_by": "portal", "created_at": NOW}
    begun |= {"expires_at": NOW + timedelta(minutes=31)}
    return PaymentAttempt.objects.create(invoice=fields.pop("invoice", None) or books.issued(), **begun | fields)


def money(key="stripe:pi_1"):
    return Payment.objects.create(
        number=f"RCT-{Payment.objects.count():08X}", method="stripe", amount=Decimal("220.00"), key=key,
        received_on="2026-11-24",
    )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        "status = 'open', closed_at = NULL, payment_id = NULL",
        "status = 'expired', payment_id = NULL",
        "amount = 1",
        "payment_intent = 'pi_2'",
        "session_id = 'cs_2'",
        "code = '00000000000000000000000000000005'",
    ],
)
def test_a_paid_try_stays_paid(books, change):
    attempt(books, status="paid", closed_at=NOW, payment=money(), payment_intent="pi_1", session_id="cs_1")
    refused(f"UPDATE billing_paymentattempt SET {change}", guards.ATTEMPT_NEVER)


@pytest.mark.django_db
def test_a_try_is_never_deleted(books):
    attempt(books)
    refused("DELETE FROM billing_paymentattempt", guards.ATTEMPT_NEVER)


@pytest.mark.django_db
def test_one_try_is_open_for_an_invoice(books):
    first = attempt(books)
    with pytest.raises(IntegrityError), transaction.atomic():
        attempt(books, invoice=first.invoice)
    PaymentAttempt.objects.filter(pk=first.pk).update(status="expired", closed_at=NOW)
    attempt(books, invoice=first.invoice)


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["status = 'paid', closed_at = '2026-11-24'", "closed_at = '2026-11-24'"])
def test_a_try_says_the_whole_of_what_became_of_it(books, change):
    attempt(books)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE billing_paymentattempt SET {change}")


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["kind = 'x'", "handled_at = NULL, outcome = ''", "outcome = 'other'"])
def test_a_message_is_handled_once(change):
    StripeEvent.objects.create(
        event_id="evt_1", kind="a.b", happened_at=NOW, received_at=NOW, handled_at=NOW, outcome="ignored"
    )
    refused(f"UPDATE billing_stripeevent SET {change}", guards.EVENT_NEVER)
    refused("DELETE FROM billing_stripeevent", guards.EVENT_NEVER)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    ["status = 'pending', refund_id = NULL", "status = 'failed', refund_id = NULL", "amount = 1", "stripe_id = 're_2'"],
)
def test_a_refund_to_a_card_moves_forward(change):
    brought = money()
    back = Payment.objects.create(
        number="RCT-FFFFFFFF", method="stripe", amount=Decimal("-20.00"), key="b", received_on="2026-11-24",
        reverses=brought,
    )  # fmt: skip
    StripeRefund.objects.create(
        payment=brought, amount=Decimal("20.00"), status="done", why="desk", stripe_id="re_1", created_at=NOW,
        changed_at=NOW, refund=back,
    )  # fmt: skip
    refused(f"UPDATE billing_striperefund SET {change}", guards.CARD_REFUND_NEVER)
    refused("DELETE FROM billing_striperefund", guards.CARD_REFUND_NEVER)


def link(books, **fields):
    begun = {"token_hash": "a" * 64, "created_at": NOW, "expires_at": NOW + timedelta(days=90)}
    return BillLink.objects.create(invoice=books.issued(), **begun | fields)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        "token_hash = 'b'",
        "code = '00000000000000000000000000000005'",
        "expires_at = '2036-11-24'",
        "created_at = '2026-11-23'",
        "revoked_at = '2026-11-25', expires_at = '2036-11-24'",
    ],
)
def test_a_link_to_a_bill_stays_as_it_was_mailed(books, change):
    link(books)
    refused(f"UPDATE billing_billlink SET {change}", guards.BILL_LINK_NEVER)
    refused("DELETE FROM billing_billlink", guards.BILL_LINK_NEVER)


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["revoked_at = NULL, revoked_by_id = NULL", "revoked_at = '2026-11-26'"])
def test_a_link_that_was_taken_back_stays_so(books, change):
    link(books, revoked_at=NOW)
    refused(f"UPDATE billing_billlink SET {change}", guards.BILL_LINK_NEVER)


@pytest.mark.django_db
def test_a_link_of_another_invoice_or_with_a_token_that_is_known(books):
    mailed = link(books)
    other = books.issued()
    refused(f"UPDATE billing_billlink SET invoice_id = {other.pk}", guards.BILL_LINK_NEVER)
    with pytest.raises(IntegrityError), transaction.atomic():
        link(books, token_hash=mailed.token_hash)


@pytest.mark.django_db
def test_a_link_ends_after_it_begins_and_is_taken_back_at_a_moment(books):
    with pytest.raises(IntegrityError, match="bill_link_ends_after_it_begins"), transaction.atomic():
        link(books, expires_at=NOW)
    with pytest.raises(IntegrityError, match="bill_link_revoked_with_when"), transaction.atomic():
        link(books, revoked_by=make.user())


def trouble(**fields):
    begun = {"kind": "dispute", "about": "dp_1", "amount": Decimal("220.00"), "raised_at": NOW}
    return OnlineTrouble.objects.create(**begun | fields)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        "kind = 'odd'",
        "about = 'dp_2'",
        "amount = 1",
        "code = '00000000000000000000000000000005'",
        "raised_at = '2026-11-23'",
        "settled_at = '2026-11-25', how = 'Answered', amount = 1",
    ],
)
def test_what_needs_a_person_stays_as_it_was_raised(change):
    trouble()
    refused(f"UPDATE billing_onlinetrouble SET {change}", guards.TROUBLE_NEVER)
    refused("DELETE FROM billing_onlinetrouble", guards.TROUBLE_NEVER)


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["settled_at = NULL, how = ''", "how = 'Nothing'", "settled_at = '2026-11-26'"])
def test_what_somebody_settled_stays_settled(change):
    trouble(settled_at=NOW, settled_by=make.user(), how="Answered at Stripe")
    refused(f"UPDATE billing_onlinetrouble SET {change}", guards.TROUBLE_NEVER)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "broken"),
    [
        ({"kind": "made up"}, "online_trouble_kind_is_known"),
        ({"settled_at": NOW}, "online_trouble_settled_with_how"),
        ({"how": "Answered"}, "online_trouble_settled_with_how"),
    ],
)
def test_what_needs_a_person_says_the_whole_of_it(fields, broken):
    with pytest.raises(IntegrityError, match=broken), transaction.atomic():
        trouble(**fields)


@pytest.mark.django_db
def test_the_same_thing_is_raised_once():
    trouble()
    with pytest.raises(IntegrityError), transaction.atomic():
        trouble()
    trouble(about="dp_2")
