# ruff: noqa: S608 - the names put together here are our own tables and columns; no value of anybody's is among them.
"""A referral under which something is billed to Medicare stays on file, and only one on file is billed under."""

from __future__ import annotations

from portal.billing.guards.words import CLAIM
from portal.common.guards import REFUSE, Function, Guard, Trigger, raises, refuses, runs

REFERRAL = "medicare_referral"
STANDS = "A claim is made under a referral that is on file."
IN_USE = "A referral stays on file while a claim under it stands."
STAYS_MEDICARES = "A referral under which a claim stands is one for Medicare."

_CLAIMED = (
    f"EXISTS (SELECT 1 FROM {CLAIM} AS c JOIN {REFERRAL} AS r ON r.id = c.referral_id "
    "WHERE r.course = NEW.course AND c.status <> 'withdrawn')"
)
_ENDED = f"EXISTS (SELECT 1 FROM {REFERRAL} AS r WHERE r.id = NEW.referral_id AND r.ended_at IS NOT NULL)"

# The row is held, so that nobody takes it off file between the asking and the commit.
CLAIM_STANDS = Function(
    "billing_claim_of_standing_referral",
    f"""
    BEGIN
        PERFORM 1 FROM {REFERRAL} WHERE id = NEW.referral_id AND ended_at IS NULL FOR SHARE;
        IF NOT FOUND THEN {raises(STANDS)} END IF;
        RETURN NEW;
    END""",
)
REFERRAL_IN_USE = Function(
    "billing_referral_in_use",
    f" BEGIN IF {_CLAIMED} THEN {raises(IN_USE)} END IF; RETURN NEW; END ",
)
REFERRAL_FOR_MEDICARE = Function(
    "billing_referral_for_medicare",
    f" BEGIN IF {_CLAIMED} THEN {raises(STAYS_MEDICARES)} END IF; RETURN NEW; END ",
)

REFERRALS_IN_USE = Guard(
    "the referrals that are billed under",
    sqlite=[
        Trigger("claim_of_standing_referral", refuses("BEFORE INSERT", CLAIM, _ENDED, STANDS)),
        Trigger(
            "referral_in_use_stays",
            refuses("BEFORE UPDATE", REFERRAL, f"NEW.\"end\" = 'taken_off' AND {_CLAIMED}", IN_USE),
        ),
        Trigger(
            "referral_in_use_is_for_medicare",
            refuses("BEFORE INSERT", REFERRAL, f"NEW.kind = 'other' AND {_CLAIMED}", STAYS_MEDICARES),
        ),
    ],
    postgresql=[
        *(REFUSE, CLAIM_STANDS, REFERRAL_IN_USE, REFERRAL_FOR_MEDICARE),
        Trigger("claim_of_standing_referral", runs("BEFORE INSERT", CLAIM, "", CLAIM_STANDS)),
        Trigger("referral_in_use_stays", runs("BEFORE UPDATE", REFERRAL, "NEW.\"end\" = 'taken_off'", REFERRAL_IN_USE)),
        Trigger(
            "referral_in_use_is_for_medicare",
            runs("BEFORE INSERT", REFERRAL, "NEW.kind = 'other'", REFERRAL_FOR_MEDICARE),
        ),
    ],
)
