"""What the database itself refuses of reports: a signed one keeps its words and its paper, and is never deleted.

Its ciphertext may be written again under another key, as that of notes; and it is sent once.
"""

from __future__ import annotations

from portal.common.guards import REFUSE, Guard, Trigger, refuses, runs
from portal.records.guards import REKEYED

REPORT = "records_report"
NEVER_CHANGES = "A signed report never changes, but that it is sent once."
NEVER_DELETED = "A signed report is never deleted."
KEEPS_ITS_COURSE = "A report stays with its course, its patient and its author."

# A test fails if a column is in none of these.
KEPT = (
    *("id", "code", "patient_id", "author_id", "referral_id", "course", "cause", "last_service", "service_dates"),
    *("version", "owed_at", "updated_at", "signed_at", "signed_by_id", "dropped_at"),
)
SENT = ("stage", "sent_at", "sent_by_id", "sent_how")
SEALED = ("body", "paper")

_SIGNED = "OLD.stage IN ('signed', 'sent')"
_IDENTITY = ("id", "code", "patient_id", "author_id", "referral_id", "course", "cause", "last_service", "owed_at")


def same(columns: tuple[str, ...], operator: str) -> str:
    """That these columns are as they were, by the database's own operator."""
    return " AND ".join(f"NEW.{column} {operator} OLD.{column}" for column in columns)


def rekeyed_on_sqlite(column: str) -> str:
    """That a ciphertext, or none, is as it was but for the key that it is written under."""
    key = f"substr({{row}}.{column}, 4, instr(substr({{row}}.{column}, 4), ':') - 1)"
    return (
        f"(NEW.{column} IS OLD.{column} OR (NEW.{column} GLOB 'v1:?*:?*' AND "
        f"{key.format(row='NEW')} IS NOT {key.format(row='OLD')}))"
    )


def _allowed(operator: str, sealed: list[str]) -> str:
    sent = f"({same(SENT, operator)}) OR (OLD.stage = 'signed' AND NEW.stage = 'sent')"
    return " AND ".join([same(KEPT, operator), *sealed, f"({sent})"])


_ON_SQLITE = _allowed("IS", [rekeyed_on_sqlite(column) for column in SEALED])
_ON_POSTGRESQL = _allowed(
    "IS NOT DISTINCT FROM",
    [f"(NEW.{c} IS NOT DISTINCT FROM OLD.{c} OR records_rekeyed(OLD.{c}, NEW.{c}))" for c in SEALED],
)

REPORTS = Guard(
    "the reports",
    sqlite=[
        Trigger(
            "report_signed_never_changes",
            refuses("BEFORE UPDATE", REPORT, f"{_SIGNED} AND NOT ({_ON_SQLITE})", NEVER_CHANGES),
        ),
        Trigger("report_signed_never_deleted", refuses("BEFORE DELETE", REPORT, _SIGNED, NEVER_DELETED)),
        Trigger(
            "report_never_replaced",
            refuses(
                "BEFORE INSERT",
                REPORT,
                f"EXISTS (SELECT 1 FROM {REPORT} WHERE id = NEW.id OR code = NEW.code)",  # noqa: S608
                NEVER_CHANGES,
            ),
        ),
        Trigger(
            "report_keeps_its_course",
            refuses("BEFORE UPDATE", REPORT, f"NOT ({same(_IDENTITY, 'IS')})", KEEPS_ITS_COURSE),
        ),
    ],
    postgresql=[
        *(REFUSE, REKEYED),
        Trigger(
            "report_signed_never_changes",
            runs("BEFORE UPDATE", REPORT, f"{_SIGNED} AND NOT ({_ON_POSTGRESQL})", REFUSE, NEVER_CHANGES),
        ),
        Trigger("report_signed_never_deleted", runs("BEFORE DELETE", REPORT, _SIGNED, REFUSE, NEVER_DELETED)),
        Trigger("report_never_truncated", runs("BEFORE TRUNCATE", REPORT, "", REFUSE, NEVER_DELETED, each="STATEMENT")),
        Trigger(
            "report_keeps_its_course",
            runs("BEFORE UPDATE", REPORT, f"NOT ({same(_IDENTITY, 'IS NOT DISTINCT FROM')})", REFUSE, KEEPS_ITS_COURSE),
        ),
    ],
)
