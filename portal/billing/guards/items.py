# ruff: noqa: S608 - the names put together here are this package's own; no value of anybody's is among them.
"""The rows of the Medicare schedule that sessions were billed by: what of them stands on paper never changes."""

from __future__ import annotations

from portal.billing.guards.words import CLAIM, ITEM_WAS_USED
from portal.common.guards import Function, Guard, Trigger, raises, refuses, runs

MBS_ITEM = "medicare_mbsitem"
KEPT = (
    *("id", "item", "valid_from", "registration", "mode", "setting", "min_minutes", "max_minutes", "fee", "benefit"),
    "counts_towards",
)
_USED = (
    f"EXISTS (SELECT 1 FROM {CLAIM} AS claim WHERE claim.item_number = OLD.item "
    "AND claim.service_date >= OLD.valid_from AND (OLD.valid_until IS NULL OR claim.service_date <= OLD.valid_until))"
)
_DIFFERS = " OR ".join(f'NEW."{column}" IS NOT OLD."{column}"' for column in KEPT)
_DISTINCT = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in KEPT)
_WHEN_USED = Function(
    "mbs_item_that_was_used_stays",
    f" BEGIN IF {_USED} THEN {raises(ITEM_WAS_USED)} END IF; "
    "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END ",
)

ITEMS = Guard(
    "the items that were claimed",
    sqlite=[
        Trigger(
            "mbs_item_used_never_changes",
            refuses("BEFORE UPDATE", MBS_ITEM, f"({_DIFFERS}) AND {_USED}", ITEM_WAS_USED),
        ),
        Trigger("mbs_item_used_never_deleted", refuses("BEFORE DELETE", MBS_ITEM, _USED, ITEM_WAS_USED)),
    ],
    postgresql=[
        _WHEN_USED,
        Trigger("mbs_item_used_never_changes", runs("BEFORE UPDATE", MBS_ITEM, _DISTINCT, _WHEN_USED)),
        Trigger("mbs_item_used_never_deleted", runs("BEFORE DELETE", MBS_ITEM, "", _WHEN_USED)),
    ],
)
