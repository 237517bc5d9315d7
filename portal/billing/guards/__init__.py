"""What the database itself refuses, on SQLite and on PostgreSQL, so that the books balance whoever writes to them.

- An invoice begins as a draft, is issued when its lines add up to it, and from then on only `payable`, `paid` and being
  voided change it. Its lines are frozen with it. It is voided only while nothing is paid on it, and deleted only as a
  draft. Only one for a session that was held has a Medicare item.
- A credit note never changes. It takes no more off a line than the line has, and no more off the invoice than is owing;
  its GST is the line's share. `payable` is the total less the notes: the database writes it, and refuses anything else.
- A payment and an allocation never change and are never deleted. A refund takes back no more than its payment brought.
- Allocations of one payment never exceed it, and with those of its refunds never exceed what of it is still there.
  Those on one invoice never exceed what is payable nor fall below nothing, and no row takes more of a payment off an
  invoice than it settles there. `paid` is their sum: the database writes it, and refuses anything else.

SQLite keeps decimals as binary fractions: amounts are compared as whole cents.
"""

from __future__ import annotations

from portal.billing.guards import postgresql, sqlite
from portal.billing.guards.words import WAIVER, WAIVER_NEVER
from portal.common.guards import REFUSE, Function, Guard, Trigger, refuses, runs

BOOKS = Guard(
    "the books",
    sqlite=[Trigger(name, definition) for name, definition in sqlite.TRIGGERS.items()],
    postgresql=[
        REFUSE,
        *(Function(name, body) for name, body in postgresql.FUNCTIONS.items()),
        *(Trigger(name, definition) for name, definition in postgresql.TRIGGERS.items()),
    ],
)
# Of a waiver one thing may change, once: that it is taken back.
_KEPT = ("id", "appointment_id", "purpose", "reason", "waived_at", "waived_by_id")
_TAKEN_BACK = "OLD.taken_back_at IS NULL AND NEW.taken_back_at IS NOT NULL"
_SAME_ON_SQLITE = " AND ".join(f'NEW."{column}" IS OLD."{column}"' for column in _KEPT)
_SAME_ON_POSTGRESQL = " AND ".join(f"NEW.{column} IS NOT DISTINCT FROM OLD.{column}" for column in _KEPT)
WAIVERS = Guard(
    "the waivers",
    sqlite=[
        Trigger(
            "waiver_never_changes",
            refuses("BEFORE UPDATE", WAIVER, f"NOT ({_TAKEN_BACK} AND {_SAME_ON_SQLITE})", WAIVER_NEVER),
        ),
        Trigger(
            "waiver_never_replaced",
            refuses(
                "BEFORE INSERT",
                WAIVER,
                f"EXISTS (SELECT 1 FROM {WAIVER} WHERE id = NEW.id OR (appointment_id = NEW.appointment_id "  # noqa: S608
                "AND purpose = NEW.purpose AND taken_back_at IS NULL AND NEW.taken_back_at IS NULL))",
                WAIVER_NEVER,
            ),
        ),
        Trigger("waiver_never_deleted", refuses("BEFORE DELETE", WAIVER, "1", WAIVER_NEVER)),
    ],
    postgresql=[
        REFUSE,
        Trigger(
            "waiver_never_changes",
            runs("BEFORE UPDATE", WAIVER, f"NOT ({_TAKEN_BACK} AND {_SAME_ON_POSTGRESQL})", REFUSE, WAIVER_NEVER),
        ),
        Trigger("waiver_never_deleted", runs("BEFORE DELETE", WAIVER, "", REFUSE, WAIVER_NEVER)),
        Trigger("waiver_never_truncated", runs("BEFORE TRUNCATE", WAIVER, "", REFUSE, WAIVER_NEVER, each="STATEMENT")),
    ],
)
