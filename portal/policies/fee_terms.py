"""Whether two versions of the fees policy ask for the same fees of whoever cancels late or does not come."""

from __future__ import annotations

from typing import Final

from portal.policies.facts import KeptFacts

# Whatever else a version says, such as the clinic's phone, changes no fee.
TERMS: Final = (
    *("cancel_hours", "late_fee_percent", "grace_minutes", "own_hours", "asked_hours", "near_hours"),
    *("near_fee_percent", "own_fees", "no_show_percent", "waive_first", "charge_after_hours", "waiver", "additions"),
)


def same_terms(one: KeptFacts, other: KeptFacts) -> bool:
    """By what they were made from; a fact that a version did not know yet counts as not set."""
    return all((one.get(key) or None) == (other.get(key) or None) for key in TERMS)
