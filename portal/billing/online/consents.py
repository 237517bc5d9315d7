"""Which fees the consent to a card on file covers, and agreeing to it anew once the clinic's fees have changed.

A session's fee follows the policy that was in force when it was booked. A card is charged for it only if whoever gave
the card has agreed to that policy or a later one, with the card or by itself, or to one that asks for the same fees.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from portal.appointments.models import Appointment
from portal.audit import trail
from portal.billing.models import CardConsent, Invoice, SavedCard
from portal.billing.online.cards import OtherWords, consent_words, hash_of
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.patients.models import Consent
from portal.policies.fee_terms import same_terms
from portal.policies.models import PolicyKind, PolicyVersion


@dataclass(frozen=True, slots=True)
class Agreed:
    """The newest fees policy that whoever gave a card has agreed to, by its number, and when; 0 before the first."""

    number: int
    at: datetime


def agreed_to(cards: Sequence[SavedCard]) -> dict[int, Agreed]:
    """By card's id. Three queries for any number of cards."""
    found = {card.pk: Agreed(0, card.created_at) for card in cards}

    def heard(card: int, number: int, at: datetime) -> None:
        if number > found[card].number:
            found[card] = Agreed(number, at)

    given = SavedCard.objects.filter(pk__in=found, policy__isnull=False).order_by()
    for pk, number, at in given.values_list("pk", "policy__number", "created_at"):
        heard(pk, number or 0, at)
    anew = CardConsent.objects.filter(card__in=found).order_by()
    for pk, number, at in anew.values_list("card", "policy__number", "agreed_at"):
        heard(pk, number, at)
    by_itself = Consent.objects.filter(
        patient__in={card.patient_id for card in cards},
        agreed_by__in={card.given_by_id for card in cards},
        version__kind=PolicyKind.FEES,
    )
    rows = list(by_itself.values_list("patient", "agreed_by", "version__number", "agreed_at"))
    for card in cards:
        for patient, person, number, at in rows:
            if (patient, person) == (card.patient_id, card.given_by_id):
                heard(card.pk, number, at)
    return found


def _asks_for_others(agreed: Agreed, wanted: PolicyVersion | None) -> bool:
    """Whether a version asks for other fees than were agreed to."""
    if wanted is None or agreed.number >= wanted.number:
        return False
    known = PolicyVersion.objects.of(PolicyKind.FEES).filter(number=agreed.number).only("facts").first()
    return known is None or not same_terms(known.facts, wanted.facts)


def _booked_under(session: Appointment) -> PolicyVersion | None:
    """The fees policy in force on the day that a session was booked."""
    booked = session.booked_at or session.requested_at
    if booked is None:
        return None
    return PolicyVersion.objects.current(PolicyKind.FEES, today=ClinicSettings.current().today(booked))


@dataclass(frozen=True, slots=True)
class Missing:
    """A fees policy that no consent to the card covers, and of when the newest consent is."""

    policy: PolicyVersion
    agreed_at: datetime


def missing_for(card: SavedCard, invoice: Invoice) -> Missing | None:
    """What the consent to a card lacks for the fee of this invoice; None where it covers it."""
    agreed = agreed_to([card])[card.pk]
    wanted = _booked_under(invoice.appointment) if invoice.appointment else None
    return Missing(wanted, agreed.at) if wanted and _asks_for_others(agreed, wanted) else None


def to_ask_anew(cards: Iterable[SavedCard], *, today: date) -> tuple[PolicyVersion | None, set[int]]:
    """The fees policy in force, and the ids of the cards whose givers have not agreed to its fees."""
    cards = list(cards)
    policy = PolicyVersion.objects.current(PolicyKind.FEES, today=today) if cards else None
    if policy is None:
        return None, set()
    agreed = agreed_to(cards)
    others = {each: _asks_for_others(each, policy) for each in {Agreed(one.number, one.at) for one in agreed.values()}}
    return policy, {pk for pk, each in agreed.items() if others[each]}


@transaction.atomic
def agree_anew(
    card: SavedCard, *, agreed: str, number: int, language: str, by: Actor, now: datetime
) -> CardConsent | None:
    """Writes down that whoever gave the card agrees to the fees in force by now; None where it is off file.

    `agreed` is the hash of the words that were read, `number` the version of the policy beside them. A second press
    finds the first's. Raises OtherWords.
    """
    held = SavedCard.objects.select_for_update(of=("self",)).on_file().filter(pk=card.pk).first()
    if held is None:
        return None
    words, today = consent_words(), ClinicSettings.current().today(now)
    policy = PolicyVersion.objects.current(PolicyKind.FEES, today=today)
    if policy is None or agreed != hash_of(words) or number != policy.number:
        raise OtherWords
    if existing := CardConsent.objects.filter(card=held, policy=policy).first():
        return existing
    given = CardConsent.objects.create(
        card=held, agreed_at=now, language=language, consent=words, consent_hash=agreed, policy=policy
    )
    trail.record("saved_card.agreed_anew", by=by, target=held.patient, at=now, number=policy.number)
    return given
