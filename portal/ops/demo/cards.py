"""A card on file in the demo, put there as people do: agreed to, typed at the stand-in for Stripe, and looked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.billing.online import cards as online
from portal.common.access.actors import Actor
from portal.journeys.online import cards
from portal.ops.demo import sign_ins
from portal.ops.stripe_stand_in import Server
from portal.patients.models import Patient

# A word that looks like no real key.
KEY = "sk_test_demo"
NOBODY = "http://127.0.0.1:9"
VISA = "4242 4242 4242 4242"


@contextmanager
def taken_online(address: str = NOBODY) -> Iterator[None]:
    """The clinic takes cards online meanwhile, and asks at this address: its policies say so."""
    names = {"STRIPE_SECRET_KEY": KEY, "STRIPE_API_BASE": address, "STRIPE_CHECKOUT_ORIGIN": address}
    before = {name: getattr(settings, name) for name in names}
    try:
        for name, value in names.items():
            setattr(settings, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(settings, name, value)


def put_on_file(*, path: Path) -> None:
    """Jordan's, for fees; what the stand-in knows of it is kept at `path`, so that it can be charged later."""
    user = User.objects.get(email=sign_ins.JORDAN.email)
    server = Server(key=KEY, secret=KEY, path=path).start()
    try:
        with taken_online(server.address):
            now = timezone.now()
            words = online.consent_words()
            card = cards.begin(
                patient=Patient.objects.get(user=user),
                agreed=online.hash_of(words),
                language="en-au",
                by=Actor(user, Role.PATIENT),
                now=now,
            )
            server.books.pay_page(card.session_id, VISA)
            online.look(card, now=now)
        server.books.keep()
    finally:
        server.shutdown()
        server.server_close()
