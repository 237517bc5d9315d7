"""What `manage.py doctor` looks at of card payments online."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

from portal.billing.online import client as online
from portal.ops.findings import Finding, mind, well, wrong


def cards() -> Iterator[Finding]:
    """Whether cards are taken online, of real money, and with Stripe's own words that our key is right."""
    if not online.is_on():
        yield well("No cards are taken online: the pages say to pay at the desk")
        return
    if online.is_demo():
        yield well(f"A stand-in takes test cards at {settings.STRIPE_API_BASE}: no money moves")
    elif not online.is_live():
        yield mind("STRIPE_SECRET_KEY is a test key: people can't pay by it", "Set the clinic's live key.")
    try:
        with online.asking() as stripe:
            stripe.v1.checkout.sessions.list({"limit": 1})
        yield well(f"Stripe answers, by its API of {online.API_VERSION}")
    except online.NotReached:
        yield wrong("Stripe can't be reached", "Is the line up, and api.stripe.com not barred?")
    except online.OnlineRefused:
        yield wrong("Stripe does not take our key", "Check STRIPE_SECRET_KEY.")
