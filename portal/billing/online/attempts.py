"""A try to pay an invoice: written down first, then opened at Stripe under a key of its own.

Of one invoice at most one try is open. Whoever asks again, in another window or by the link of the mail, is led to the
same page of Stripe's, which takes money once. Where the amount has changed meanwhile, that page is closed first.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.db import transaction

from portal.audit import trail
from portal.billing.actions.locking import lock_invoice
from portal.billing.models import Invoice, InvoiceStatus, PaymentAttempt
from portal.billing.models.online import CURRENCY
from portal.billing.online.client import Refused, asking
from portal.billing.refusals import NotPayable
from portal.common.access.actors import Actor
from portal.common.money import in_cents

if TYPE_CHECKING:
    from stripe.params.checkout import SessionCreateParams

# Stripe closes no page sooner than half an hour after it was opened.
OPEN_FOR: Final = timedelta(minutes=31)
# A page that closes sooner than that is not handed out again.
LEFT_AT_LEAST: Final = timedelta(minutes=5)

# Where the payer comes back to from Stripe's page, once it is paid and where they stop.
Addresses = Callable[[PaymentAttempt], tuple[str, str]]
# Asks Stripe what became of a try, and does what follows from it.
Look = Callable[[PaymentAttempt], PaymentAttempt]


class Underway(Exception):
    """A payment of this invoice is being worked on: nobody is sent to pay again."""


def begin(
    *,
    invoice: Invoice,
    came_by: str,
    language: str,
    addresses: Addresses,
    look: Look,
    by: Actor,
    now: datetime,
) -> PaymentAttempt:
    """Opens Stripe's page for what is owing, or finds the one that is open; its address is in `url`.

    Raises NotPayable where nothing is owing, Underway where money is on its way, and what `asking` raises.
    """
    attempt = _write(invoice, came_by=came_by, language=language, by=by, now=now)
    if attempt is None:
        for other in PaymentAttempt.objects.open().filter(invoice=invoice):
            close(other, look=look)
        attempt = _write(invoice, came_by=came_by, language=language, by=by, now=now)
    if attempt is None:
        raise Underway
    if not attempt.url:
        open_page(attempt, addresses=addresses, name=f"Invoice {invoice.number}")
    return attempt


@transaction.atomic
def _write(invoice: Invoice, *, came_by: str, language: str, by: Actor, now: datetime) -> PaymentAttempt | None:
    """The open try where it still fits, or a new one; None where one is open that does not fit any more."""
    invoice = lock_invoice(invoice)
    if invoice.status != InvoiceStatus.ISSUED or invoice.balance <= 0 or invoice.bulk_billed:
        raise NotPayable
    existing = PaymentAttempt.objects.open().filter(invoice=invoice).first()
    if existing is not None:
        is_page = existing.card_id is None
        fits = is_page and existing.amount == invoice.balance and existing.expires_at - now >= LEFT_AT_LEAST
        return existing if fits else None
    attempt = PaymentAttempt.objects.create(
        invoice=invoice,
        amount=invoice.balance,
        came_by=came_by,
        language=language,
        created_at=now,
        created_by=by.user,
        expires_at=(now + OPEN_FOR).replace(microsecond=0),
    )
    trail.record(
        "online_payment.begun",
        by=by,
        target=invoice,
        at=now,
        amount_cents=in_cents(attempt.amount),
    )
    return attempt


def open_page(attempt: PaymentAttempt, *, addresses: Addresses, name: str, customer: str = "") -> None:
    """Opens Stripe's page and keeps its address. Two who come at once get one page: Stripe knows it by our key.

    `name` is what is paid, as Stripe and the payer's bank are told: nothing of what it is for. With a `customer` of
    Stripe's the card stays on file for them.
    """
    done, stopped = addresses(attempt)
    params: SessionCreateParams = {
        "mode": "payment",
        "allowed_payment_method_types": ["card"],
        "client_reference_id": str(attempt.code),
        "expires_at": int(attempt.expires_at.timestamp()),
        "success_url": done,
        "cancel_url": stopped,
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": CURRENCY,
                    "unit_amount": in_cents(attempt.amount),
                    "product_data": {"name": name},
                },
            }
        ],
        "metadata": {"attempt": str(attempt.code)},
        "payment_intent_data": {"description": name, "metadata": {"attempt": str(attempt.code)}},
    }
    if customer:
        params["customer"] = customer
        params["payment_intent_data"]["setup_future_usage"] = "off_session"
    with asking() as stripe:
        page = stripe.v1.checkout.sessions.create(params, {"idempotency_key": f"attempt:{attempt.code}"})
    PaymentAttempt.objects.filter(pk=attempt.pk, session_id="").update(session_id=page.id, url=page.url or "")
    attempt.refresh_from_db()


def close(attempt: PaymentAttempt, *, look: Look) -> None:
    """Ends a try, at Stripe first: from then on nobody can pay by it."""
    if attempt.session_id:
        try:
            with asking() as stripe:
                stripe.v1.checkout.sessions.expire(attempt.session_id)
        except Refused:
            pass  # it is over already, paid or not: the look says which
    look(attempt)
