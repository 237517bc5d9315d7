"""A card on file goes from agreed to saved to removed, and only one on file is charged: the database says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from portal.appointments.models import Status
from portal.billing import actions
from portal.billing.guards import cards as guards
from portal.billing.guards.online import ATTEMPT_NEVER
from portal.billing.models import CardConsent, PaymentAttempt, SavedCard
from portal.policies import publishing
from portal.policies.models import PolicyKind
from tests import make
from tests.billing.conftest import refused

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
OPENED = {"opened_at": NOW, "session_id": "cs_1", "setup_intent": "seti_1", "customer": "cus_1", "url": "http://x"}
SAVED = OPENED | {
    "saved_at": NOW, "payment_method": "pm_1", "brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2029,
}  # fmt: skip


def card(**fields):
    return make.saved_card(**{"created_at": NOW, "expires_at": NOW + timedelta(minutes=31)} | fields)


@pytest.mark.parametrize(
    "change",
    [
        "consent = 'anything'",
        "consent_hash = 'x'",
        "created_at = '2026-11-23'",
        "code = '00000000000000000000000000000005'",
        "customer = 'cus_2'",
        "payment_method = 'pm_2'",
        "last4 = '1111'",
        "exp_year = 2039",
        "saved_at = '2026-11-25'",
        "saved_at = NULL, payment_method = '', brand = '', last4 = '', exp_month = NULL, exp_year = NULL",
    ],
)
def test_a_card_stays_what_was_agreed_to_and_saved(change):
    card(**SAVED)
    refused(f"UPDATE billing_savedcard SET {change}", guards.CARD_NEVER)
    refused("DELETE FROM billing_savedcard", guards.CARD_NEVER)


@pytest.mark.parametrize("change", ["removed_at = NULL", "removed_at = '2026-11-26'"])
def test_a_card_that_was_removed_stays_so(change):
    card(**SAVED, removed_at=NOW)
    refused(f"UPDATE billing_savedcard SET {change}", guards.CARD_NEVER)


def test_a_card_is_of_its_patient():
    card(**SAVED)
    refused(f"UPDATE billing_savedcard SET patient_id = {make.patient().pk}", guards.CARD_NEVER)
    refused(f"UPDATE billing_savedcard SET given_by_id = {make.user().pk}", guards.CARD_NEVER)


@pytest.mark.parametrize(
    ("fields", "broken"),
    [
        ({"consent": ""}, "card_given_with_consent"),
        ({"consent_hash": ""}, "card_given_with_consent"),
        (OPENED | {"customer": ""}, "card_opened_with_its_page"),
        ({"session_id": "cs_1"}, "card_opened_with_its_page"),
        (SAVED | {"last4": ""}, "card_saved_with_what_it_is"),
        (SAVED | {"exp_month": 13}, "card_saved_with_what_it_is"),
        (OPENED | {"payment_method": "pm_1"}, "card_saved_with_what_it_is"),
        (SAVED | {"closed_at": NOW}, "card_closed_or_saved"),
        (OPENED | {"removed_at": NOW}, "card_removed_once_saved"),
        (SAVED | {"detached_at": NOW}, "card_removed_once_saved"),
    ],
)
def test_a_card_says_the_whole_of_it(fields, broken):
    with pytest.raises(IntegrityError, match=broken), transaction.atomic():
        card(**fields)


def test_a_page_and_a_card_are_known_once():
    card(**SAVED)
    for same in ({"payment_method": "pm_2"}, {"session_id": "cs_2"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            card(**SAVED | same)


def missed(patient):
    session = make.appointment(
        patient=patient, status=Status.NO_SHOW, fee="200.00", no_show_percent=50, starts_at=NOW - timedelta(hours=3)
    )
    return actions.bill_fee(appointment=session, by=make.actor(), now=NOW)


def charge(saved, invoice, **fields):
    begun = {"amount": Decimal("100.00"), "language": "en-au", "came_by": "card", "created_at": NOW, "expires_at": NOW}
    return PaymentAttempt.objects.create(card=saved, invoice=invoice, **begun | fields)


def test_a_card_on_file_is_charged_for_its_patients_fee():
    saved = card(**SAVED)
    attempt = charge(saved, missed(saved.patient))
    refused(f"UPDATE billing_paymentattempt SET card_id = NULL WHERE id = {attempt.pk}", ATTEMPT_NEVER)


@pytest.mark.parametrize("what", ["removed", "not saved", "another's", "no fee"])
def test_what_is_not_charged(books, what):
    saved = card(**OPENED) if what == "not saved" else card(**SAVED, removed_at=NOW if what == "removed" else None)
    patient = make.patient() if what == "another's" else saved.patient
    invoice = books.issued(patient=patient) if what == "no fee" else missed(patient)
    with pytest.raises(IntegrityError, match=guards.ON_FILE), transaction.atomic():
        charge(saved, invoice)


@pytest.mark.parametrize(
    ("fields", "broken"),
    [
        ({"came_by": "portal"}, "attempt_charges_a_card_or_opens_a_page"),
        ({"session_id": "cs_9"}, "attempt_charges_a_card_or_opens_a_page"),
        ({"declined": "card_declined"}, "attempt_declined_is_not_paid"),
    ],
)
def test_a_charge_says_the_whole_of_it(fields, broken):
    saved = card(**SAVED)
    with pytest.raises(IntegrityError, match=broken), transaction.atomic():
        charge(saved, missed(saved.patient), **fields)
    assert SavedCard.objects.count() == 1


def consent(saved, kind=PolicyKind.FEES, **fields):
    make.clinic()
    for version in publishing.publish_first(by=make.actor(), now=NOW):
        if version.kind == kind:
            said = {"agreed_at": NOW, "language": "en-au", "consent": "I agree.", "consent_hash": "b" * 64}
            return CardConsent.objects.create(card=saved, policy=version, **said | fields)
    raise AssertionError


def test_a_consent_never_changes():
    given = consent(card(**SAVED))
    refused(f"UPDATE billing_cardconsent SET consent = 'x' WHERE id = {given.pk}", guards.CONSENT_NEVER)
    refused("DELETE FROM billing_cardconsent", guards.CONSENT_NEVER)


@pytest.mark.parametrize("what", ["removed", "not saved", "another policy"])
def test_what_is_not_agreed_to_anew(what):
    saved = card(**OPENED) if what == "not saved" else card(**SAVED, removed_at=NOW if what == "removed" else None)
    kind = PolicyKind.PRIVACY if what == "another policy" else PolicyKind.FEES
    with pytest.raises(IntegrityError, match=guards.ANEW), transaction.atomic():
        consent(saved, kind)


def test_a_consent_is_in_words():
    with pytest.raises(IntegrityError, match="card_consent_in_words"), transaction.atomic():
        consent(card(**SAVED), consent="")
