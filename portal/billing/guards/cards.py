# ruff: noqa: S608 - the names put together here are our own tables and columns; no value of anybody's is among them.
"""A card on file only goes from agreed to saved to removed, and only one that is on file is charged."""

from __future__ import annotations

from portal.billing.guards.online import ATTEMPT
from portal.common.guards import Function, Guard, Trigger, fills_once, frozen, raises, refuses, runs

CARD, INVOICE = "billing_savedcard", "billing_invoice"
CARD_NEVER = "A card on file never changes, but that it is saved once and removed once."
ON_FILE = "A charge is to a card that is on file, for its own patient's fee."

CARDS = fills_once(
    "the cards on file",
    prefix="saved_card",
    table=CARD,
    kept=(
        *("id", "code", "patient_id", "given_by_id", "created_at", "language", "consent", "consent_hash", "policy_id"),
        "expires_at",
    ),
    once={
        "opened_at": ("session_id", "setup_intent", "customer", "url"),
        "closed_at": (),
        "saved_at": ("payment_method", "brand", "last4", "exp_month", "exp_year"),
        "removed_at": ("removed_by_id",),
        "detached_at": (),
    },
    words=CARD_NEVER,
)

_FITS = (
    f"SELECT 1 FROM {CARD} AS card JOIN {INVOICE} AS bill ON bill.id = NEW.invoice_id "
    "WHERE card.id = NEW.card_id AND card.saved_at IS NOT NULL AND card.removed_at IS NULL "
    "AND bill.patient_id = card.patient_id AND bill.purpose IN ('late_fee', 'no_show')"
)
# The card is held, so that nobody removes it between the asking and the commit.
_CHARGE = Function(
    "billing_charge_of_card_on_file",
    f"""
    BEGIN
        PERFORM 1 FROM {CARD} WHERE id = NEW.card_id FOR SHARE;
        IF NOT EXISTS ({_FITS}) THEN {raises(ON_FILE)} END IF;
        RETURN NEW;
    END""",
)
CHARGES = Guard(
    "the charges to cards on file",
    sqlite=[
        Trigger(
            "charge_of_card_on_file",
            refuses("BEFORE INSERT", ATTEMPT, f"NEW.card_id IS NOT NULL AND NOT EXISTS ({_FITS})", ON_FILE),
        )
    ],
    postgresql=[
        _CHARGE,
        Trigger("charge_of_card_on_file", runs("BEFORE INSERT", ATTEMPT, "NEW.card_id IS NOT NULL", _CHARGE)),
    ],
)
CONSENT = "billing_cardconsent"
CONSENT_NEVER = "A consent to a card on file never changes."
ANEW = "Only a card that is on file is agreed to anew, with a fees policy."
_AGREED = (
    f"SELECT 1 FROM {CARD} AS card JOIN policies_policyversion AS policy ON policy.id = NEW.policy_id "
    "WHERE card.id = NEW.card_id AND card.saved_at IS NOT NULL AND card.removed_at IS NULL AND policy.kind = 'fees'"
)
CONSENTS = frozen(
    "the consents to cards on file",
    prefix="card_consent",
    table=CONSENT,
    words=CONSENT_NEVER,
    keys=(("code",), ("card_id", "policy_id")),
)
_ANEW = Function(
    "billing_consent_to_card_on_file",
    f"""
    BEGIN
        PERFORM 1 FROM {CARD} WHERE id = NEW.card_id FOR SHARE;
        IF NOT EXISTS ({_AGREED}) THEN {raises(ANEW)} END IF;
        RETURN NEW;
    END""",
)
CONSENTS_ANEW = Guard(
    "what is agreed to anew",
    sqlite=[Trigger("consent_to_card_on_file", refuses("BEFORE INSERT", CONSENT, f"NOT EXISTS ({_AGREED})", ANEW))],
    postgresql=[_ANEW, Trigger("consent_to_card_on_file", runs("BEFORE INSERT", CONSENT, "", _ANEW))],
)
ALL = (CARDS, CHARGES, CONSENTS, CONSENTS_ANEW)
