# ruff: noqa: S608 - the names put together here are this package's own; no value of anybody's is among them.
"""What the database refuses of Medicare's items and money, and of notes on a line that had a discount.

- What a third party is billed (an insurer, an employer, an agency, a plan manager) has no Medicare item and no claim.
  Nor does anybody become one while a bill of theirs that stands has an item.
- What Medicare paid goes back, or off its invoice, only once its claim is rejected.
- The notes on a line take off no more than it cost: its total less the discount of its own that stands below it.
"""

from __future__ import annotations

from portal.billing.charges import DISCOUNT
from portal.billing.guards.words import (
    ALLOCATION,
    CLAIM,
    CLAIM_STEP,
    CREDIT_NOTE,
    INVOICE,
    KIND_FITS_ITS_BILLS,
    LINE,
    MEDICARES_MONEY,
    NO_ITEM_FOR_THIRD_PARTIES,
    PAYER,
    PAYMENT,
    WITHIN_COST,
)
from portal.common.guards import Function, Guard, Trigger, raises, refuses, runs

_THIRD_PARTY = f"EXISTS (SELECT 1 FROM {PAYER} WHERE id = {{}} AND kind <> 'person')"
_ISSUED_TO_ONE = (
    "OLD.status = 'draft' AND NEW.status = 'issued' AND NEW.payer_id IS NOT NULL "
    f"AND EXISTS (SELECT 1 FROM {LINE} WHERE invoice_id = NEW.id AND (item_number <> '' OR benefit <> 0)) "
    f"AND {_THIRD_PARTY.format('NEW.payer_id')}"
)
_HAS_ITEMS = (
    f"EXISTS (SELECT 1 FROM {INVOICE} AS i JOIN {LINE} AS l ON l.invoice_id = i.id "
    "WHERE i.payer_id = NEW.id AND i.status = 'issued' AND (l.item_number <> '' OR l.benefit <> 0))"
)
_BECOMES_ONE = "OLD.kind = 'person' AND NEW.kind <> 'person'"
_PAYER_OF_LINE = (
    f"(SELECT i.payer_id FROM {INVOICE} AS i JOIN {LINE} AS l ON l.invoice_id = i.id WHERE l.id = NEW.line_id)"
)
_CLAIMED_OF_ONE = _THIRD_PARTY.format(_PAYER_OF_LINE)

# The step that a claim stands at, where it says that Medicare pays, names the money.
_STANDS = (
    f"EXISTS (SELECT 1 FROM {CLAIM} AS c JOIN {CLAIM_STEP} AS s ON s.claim_id = c.id AND s.number = c.revision "
    "WHERE c.status = 'approved' AND s.payment_id = {})"
)
_GOES_BACK = _STANDS.format("NEW.reverses_id")
_COMES_OFF = f"NEW.amount < 0 AND {_STANDS.format('NEW.payment_id')}"

_OFF = f"(SELECT SUM(amount) FROM {CREDIT_NOTE} WHERE line_id = NEW.line_id)"
_TOTAL = f"(SELECT total FROM {LINE} WHERE id = NEW.line_id)"
_DISCOUNT = (
    f"(SELECT d.total FROM {LINE} AS d JOIN {LINE} AS l ON d.invoice_id = l.invoice_id "
    "AND d.position = l.position + 1 AND d.total < 0 AND d.tax_code = l.tax_code "
    f"AND d.description = '{DISCOUNT}' || l.description WHERE l.id = NEW.line_id)"
)


def _cents(amount: str) -> str:
    return f"CAST(ROUND(COALESCE({amount}, 0) * 100) AS INTEGER)"


def _function(name: str, condition: str, words: str) -> Function:
    return Function(name, f" BEGIN IF {condition} THEN {raises(words)} END IF; RETURN NEW; END ")


# The payer is locked, so that nobody makes an employer of a parent at that moment.
_ISSUES = Function(
    "billing_no_item_for_third_parties",
    f" BEGIN PERFORM 1 FROM {PAYER} WHERE id = NEW.payer_id FOR SHARE; "
    f"IF {_ISSUED_TO_ONE} THEN {raises(NO_ITEM_FOR_THIRD_PARTIES)} END IF; RETURN NEW; END ",
)
_KIND = _function("billing_payer_kind_fits_its_bills", _HAS_ITEMS, KIND_FITS_ITS_BILLS)
_CLAIMS = _function("billing_no_claim_of_third_parties", _CLAIMED_OF_ONE, NO_ITEM_FOR_THIRD_PARTIES)
_BACK = _function("billing_medicares_money_goes_back", _GOES_BACK, MEDICARES_MONEY)
_OFF_INVOICE = _function("billing_medicares_money_comes_off", _COMES_OFF, MEDICARES_MONEY)
# The invoice is locked, so that notes on one line come one after the other.
_CREDITS = Function(
    "billing_credit_within_cost",
    f"""
    BEGIN
        PERFORM 1 FROM {INVOICE} WHERE id = NEW.invoice_id FOR UPDATE;
        IF COALESCE({_OFF}, 0) + NEW.amount > {_TOTAL} + {_DISCOUNT} THEN {raises(WITHIN_COST)} END IF;
        RETURN NEW;
    END""",
)

MEDICARES = Guard(
    "Medicare's items and money",
    sqlite=[
        Trigger(
            "invoice_item_not_for_third_parties",
            refuses("BEFORE UPDATE", INVOICE, _ISSUED_TO_ONE, NO_ITEM_FOR_THIRD_PARTIES),
        ),
        Trigger(
            "payer_kind_fits_its_bills",
            refuses("BEFORE UPDATE", PAYER, f"{_BECOMES_ONE} AND {_HAS_ITEMS}", KIND_FITS_ITS_BILLS),
        ),
        Trigger(
            "claim_not_of_third_parties", refuses("BEFORE INSERT", CLAIM, _CLAIMED_OF_ONE, NO_ITEM_FOR_THIRD_PARTIES)
        ),
        Trigger("refund_of_medicares_money", refuses("BEFORE INSERT", PAYMENT, _GOES_BACK, MEDICARES_MONEY)),
        Trigger("allocation_of_medicares_money", refuses("BEFORE INSERT", ALLOCATION, _COMES_OFF, MEDICARES_MONEY)),
        Trigger(
            "credit_note_within_cost",
            refuses(
                "BEFORE INSERT",
                CREDIT_NOTE,
                f"{_cents(_OFF)} + {_cents('NEW.amount')} > {_cents(_TOTAL)} + {_cents(_DISCOUNT)} "
                f"AND {_DISCOUNT} IS NOT NULL",
                WITHIN_COST,
            ),
        ),
    ],
    postgresql=[
        *(_ISSUES, _CLAIMS, _BACK, _OFF_INVOICE, _CREDITS, _KIND),
        Trigger(
            "invoice_item_not_for_third_parties",
            runs("BEFORE UPDATE", INVOICE, "NEW.payer_id IS NOT NULL AND NEW.status <> OLD.status", _ISSUES),
        ),
        Trigger("payer_kind_fits_its_bills", runs("BEFORE UPDATE", PAYER, _BECOMES_ONE, _KIND)),
        Trigger("claim_not_of_third_parties", runs("BEFORE INSERT", CLAIM, "", _CLAIMS)),
        Trigger("refund_of_medicares_money", runs("BEFORE INSERT", PAYMENT, "NEW.reverses_id IS NOT NULL", _BACK)),
        Trigger("allocation_of_medicares_money", runs("BEFORE INSERT", ALLOCATION, "NEW.amount < 0", _OFF_INVOICE)),
        Trigger("credit_note_within_cost", runs("BEFORE INSERT", CREDIT_NOTE, "", _CREDITS)),
    ],
)
