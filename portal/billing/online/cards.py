"""Cards on file: agreed to in so many words, saved on Stripe's own page, removed by whoever gave them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from portal.audit import trail
from portal.billing.models import SavedCard
from portal.billing.models.online import CURRENCY
from portal.billing.online.attempts import LEFT_AT_LEAST, OPEN_FOR
from portal.billing.online.client import Refused, asking, is_live
from portal.billing.online.settling import STRIPE
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.patients.models import Patient
from portal.policies.models import PolicyKind, PolicyVersion

if TYPE_CHECKING:
    from stripe import PaymentIntent, PaymentMethod, SetupIntent
    from stripe.params.checkout import SessionCreateParams

# Where somebody comes back to from Stripe's page, once the card is saved and where they stop.
Addresses = Callable[[SavedCard], tuple[str, str]]


class OtherWords(Exception):
    """What somebody agreed to is not what the page says by now."""


def consent_words() -> str:
    """What a card on file is for, in the language of whoever reads it."""
    return _(
        "I agree that the clinic may charge this card, without asking me again, the fee for cancelling late or for "
        "not coming that its fees policy names. If it changes these fees, it asks me again before it charges the new "
        "ones. It charges nothing else to it. I can remove the card at any time."
    )


def hash_of(words: str) -> str:
    """Which wording it is."""
    return hashlib.sha256(words.encode()).hexdigest()


def begin(*, patient: Patient, agreed: str, language: str, addresses: Addresses, by: Actor, now: datetime) -> SavedCard:
    """Writes the consent down and opens Stripe's page, whose address is in `url`; a second press finds the same page.

    `agreed` is the hash of the words that were read. Raises OtherWords, and what `asking` raises.
    """
    card = _write(patient, agreed=agreed, language=language, by=by, now=now)
    if not card.url:
        _open(card, addresses=addresses, now=now)
    return card


def agree(*, patient: Patient, agreed: str, language: str, by: Actor, now: datetime) -> SavedCard:
    """Writes the consent down for the card that a session is about to be paid ahead with; see `opened_with`.

    Raises OtherWords.
    """
    return _write(patient, agreed=agreed, language=language, by=by, now=now, is_paid_with=True)


def opened_with(card: SavedCard, *, page: str, customer: str, now: datetime) -> None:
    """Notes on which page of a payment a card is kept."""
    SavedCard.objects.filter(pk=card.pk, opened_at=None).update(opened_at=now, session_id=page, customer=customer)
    card.refresh_from_db()


def begun_on(page: str) -> SavedCard | None:
    """The card that is to be kept from a page of a payment, if one is and is not yet."""
    return SavedCard.objects.begun().filter(session_id=page).first() if page else None


@transaction.atomic
def _write(
    patient: Patient, *, agreed: str, language: str, by: Actor, now: datetime, is_paid_with: bool = False
) -> SavedCard:
    words = consent_words()
    if agreed != hash_of(words):
        raise OtherWords
    # Of two presses the second waits here, and finds the first's.
    Patient.objects.select_for_update(of=("self",)).get(pk=patient.pk)
    begun = SavedCard.objects.begun().filter(
        patient=patient, given_by=by.person, consent_hash=agreed, expires_at__gt=now + LEFT_AT_LEAST
    )
    # A page of a payment and one that only keeps a card are two.
    begun = begun.filter(opened_at=None) if is_paid_with else begun.exclude(opened_at__isnull=False, url="")
    if existing := begun.last():
        return existing
    today = ClinicSettings.current().today(now)
    card = SavedCard.objects.create(
        patient=patient,
        given_by=by.person,
        created_at=now,
        language=language,
        consent=words,
        consent_hash=agreed,
        policy=PolicyVersion.objects.current(PolicyKind.FEES, today=today),
        expires_at=(now + OPEN_FOR).replace(microsecond=0),
    )
    trail.record("saved_card.agreed", by=by, target=patient, at=now)
    return card


def _open(card: SavedCard, *, addresses: Addresses, now: datetime) -> None:
    """Opens Stripe's page. Two who come at once get one page: Stripe knows it by our key."""
    done, stopped = addresses(card)
    noted = {"card": str(card.code)}
    with asking() as stripe:
        customer = customer_of(card)
        params: SessionCreateParams = {
            "mode": "setup",
            "currency": CURRENCY,
            "allowed_payment_method_types": ["card"],
            "customer": customer,
            "client_reference_id": str(card.code),
            "expires_at": int(card.expires_at.timestamp()),
            "success_url": done,
            "cancel_url": stopped,
            "metadata": noted,
            "setup_intent_data": {"metadata": noted},
        }
        page = stripe.v1.checkout.sessions.create(params, {"idempotency_key": f"card:{card.code}"})
    SavedCard.objects.filter(pk=card.pk, opened_at=None).update(
        opened_at=now,
        session_id=page.id,
        setup_intent=_name(page.setup_intent),
        customer=customer,
        url=page.url or "",
    )
    card.refresh_from_db()


def customer_of(card: SavedCard) -> str:
    """A customer of Stripe's for each card, and nothing of whom it is about."""
    with asking() as stripe:
        noted = {"card": str(card.code)}
        return stripe.v1.customers.create({"metadata": noted}, {"idempotency_key": f"customer:{card.code}"}).id


def _name(thing: Any) -> str:
    return thing if isinstance(thing, str) else str(getattr(thing, "id", None) or "")


def look(card: SavedCard, *, now: datetime) -> SavedCard:
    """Asks Stripe whether the card is saved by now, and writes it down once. Raises what `asking` raises."""
    if card.saved_at is not None or card.closed_at is not None:
        return card
    method: PaymentMethod | None = None
    is_over = not card.session_id and card.expires_at <= now
    if card.session_id:
        with asking() as stripe:
            page = stripe.v1.checkout.sessions.retrieve(card.session_id)
            is_over = page.status == "expired"
            intent: SetupIntent | PaymentIntent | None = None
            if page.status == "complete" and (name := _name(page.setup_intent)):
                intent = stripe.v1.setup_intents.retrieve(name)
            elif page.status == "complete" and (name := _name(page.payment_intent)):
                # The card that a session was paid ahead with.
                intent = stripe.v1.payment_intents.retrieve(name)
            if intent is not None:
                fits = _name(intent.customer) == card.customer and bool(intent.livemode) == is_live()
                if intent.status == "succeeded" and fits and intent.payment_method:
                    method = stripe.v1.payment_methods.retrieve(_name(intent.payment_method))
    if method is not None and method.card is not None:
        _saved(card, method, now=now)
    elif is_over:
        SavedCard.objects.begun().filter(pk=card.pk).update(closed_at=now)
    card.refresh_from_db()
    return card


@transaction.atomic
def _saved(card: SavedCard, method: PaymentMethod, *, now: datetime) -> None:
    facts = method.card
    if facts is None:
        return
    changed = (
        SavedCard.objects.begun()
        .filter(pk=card.pk)
        .update(
            saved_at=now,
            payment_method=method.id,
            brand=facts.brand[:30],
            last4=(facts.last4 or "")[:4],
            exp_month=facts.exp_month,
            exp_year=facts.exp_year,
        )
    )
    if changed:
        trail.record("saved_card.saved", by=STRIPE, target=card.patient, at=now)


@transaction.atomic
def remove(card: SavedCard, *, by: Actor, now: datetime) -> bool:
    """Takes a card off file: from now on it is charged no more. False where it was off already."""
    removed = SavedCard.objects.on_file().filter(pk=card.pk).update(removed_at=now, removed_by=by.user)
    if removed:
        trail.record("saved_card.removed", by=by, target=card.patient, at=now)
    card.refresh_from_db()
    return bool(removed)


def detach(card: SavedCard, *, now: datetime) -> None:
    """Has Stripe let go of a card that was removed here. Raises what `asking` raises."""
    try:
        with asking() as stripe:
            stripe.v1.payment_methods.detach(card.payment_method)
    except Refused:
        pass  # it has let go of it already
    SavedCard.objects.to_detach().filter(pk=card.pk).update(detached_at=now)


def look_whether_it_is_there(card: SavedCard, *, now: datetime) -> SavedCard:
    """Takes off file a card that somebody took off in Stripe's own pages. Raises what `asking` raises."""
    with asking() as stripe:
        method = stripe.v1.payment_methods.retrieve(card.payment_method)
    if method.customer is None:
        remove(card, by=STRIPE, now=now)
        SavedCard.objects.to_detach().filter(pk=card.pk).update(detached_at=now)
        card.refresh_from_db()
    return card
