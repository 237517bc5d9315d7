"""What the database itself refuses of outcome measures and of the alerts they raise.

An answered measure keeps what was asked and answered; its ciphertexts may be written again under another key, and a
result may be let be seen once. An alert keeps its causes, who saw it and how it ended.
"""

from __future__ import annotations

from portal.common.guards import REFUSE, Guard, Trigger, refuses, runs
from portal.records.guards import REKEYED
from portal.records.report_guards import rekeyed_on_sqlite, same

MEASURE, ALERT = "records_measure", "records_riskalert"
NEVER_CHANGES = "An answered measure never changes."
NEVER_DELETED = "An answered measure is never deleted."
KEEPS_WHO = "A measure stays with its patient, its instrument and who asked for it."
ALERT_KEEPS = "An alert keeps its causes, who saw it and how it ended."
ALERT_STAYS = "An alert is never deleted."

# A test fails if a column is in none of these.
KEPT = (
    *("id", "code", "patient_id", "author_id", "plan_id", "appointment_id", "instrument", "version", "state", "how"),
    *("asked_at", "open_until", "answered_at", "answered_by_id", "scorer", "withdrawn_at", "sequence"),
    *("previous_hash", "hash"),
)
RELEASED = ("released_at", "released_by_id")
SEALED = ("answers", "scores")
WHO = ("id", "code", "patient_id", "author_id", "plan_id", "appointment_id", "instrument", "version", "asked_at")

ALERT_KEPT = ("id", "code", "patient_id", "author_id", "measure_id", "raised_at", "escalates_at")
ALERT_ONCE = ("seen_at", "seen_by_id", "passed_to_id", "passed_at", "ended_at", "ended_by_id")
ALERT_SEALED = ("causes", "done")


def _once(columns: tuple[str, ...], operator: str) -> str:
    return " AND ".join(f"(OLD.{column} IS NULL OR NEW.{column} {operator} OLD.{column})" for column in columns)


def _rekeyed(column: str, operator: str) -> str:
    if operator == "IS":
        return rekeyed_on_sqlite(column)
    return f"(NEW.{column} {operator} OLD.{column} OR records_rekeyed(OLD.{column}, NEW.{column}))"


def _measure_may(operator: str) -> str:
    return " AND ".join([same(KEPT, operator), _once(RELEASED, operator), *(_rekeyed(c, operator) for c in SEALED)])


def _alert_may(operator: str) -> str:
    done = f"(OLD.done IS NULL OR {_rekeyed('done', operator)})"
    return " AND ".join([same(ALERT_KEPT, operator), _once(ALERT_ONCE, operator), _rekeyed("causes", operator), done])


_ON_SQLITE, _ON_POSTGRESQL = "IS", "IS NOT DISTINCT FROM"

MEASURES = Guard(
    "the outcome measures",
    sqlite=[
        Trigger(
            "measure_answered_never_changes",
            refuses(
                "BEFORE UPDATE", MEASURE, f"OLD.state = 'answered' AND NOT ({_measure_may(_ON_SQLITE)})", NEVER_CHANGES
            ),
        ),
        Trigger(
            "measure_answered_never_deleted",
            refuses("BEFORE DELETE", MEASURE, "OLD.state = 'answered'", NEVER_DELETED),
        ),
        Trigger(
            "measure_never_replaced",
            refuses(
                "BEFORE INSERT",
                MEASURE,
                f"EXISTS (SELECT 1 FROM {MEASURE} WHERE id = NEW.id OR code = NEW.code "  # noqa: S608
                "OR sequence = NEW.sequence)",
                NEVER_CHANGES,
            ),
        ),
        Trigger(
            "measure_never_pushed_out",
            refuses(
                "BEFORE UPDATE OF sequence",
                MEASURE,
                f"EXISTS (SELECT 1 FROM {MEASURE} WHERE id <> OLD.id AND sequence = NEW.sequence)",  # noqa: S608
                NEVER_CHANGES,
            ),
        ),
        Trigger("measure_keeps_who", refuses("BEFORE UPDATE", MEASURE, f"NOT ({same(WHO, _ON_SQLITE)})", KEEPS_WHO)),
        Trigger("alert_keeps", refuses("BEFORE UPDATE", ALERT, f"NOT ({_alert_may(_ON_SQLITE)})", ALERT_KEEPS)),
        Trigger("alert_never_deleted", refuses("BEFORE DELETE", ALERT, "1", ALERT_STAYS)),
        Trigger(
            "alert_never_replaced",
            refuses(
                "BEFORE INSERT",
                ALERT,
                f"EXISTS (SELECT 1 FROM {ALERT} WHERE id = NEW.id OR code = NEW.code "  # noqa: S608
                "OR measure_id = NEW.measure_id)",
                ALERT_KEEPS,
            ),
        ),
    ],
    postgresql=[
        *(REFUSE, REKEYED),
        Trigger(
            "measure_answered_never_changes",
            runs(
                "BEFORE UPDATE",
                MEASURE,
                f"OLD.state = 'answered' AND NOT ({_measure_may(_ON_POSTGRESQL)})",
                REFUSE,
                NEVER_CHANGES,
            ),
        ),
        Trigger(
            "measure_answered_never_deleted",
            runs("BEFORE DELETE", MEASURE, "OLD.state = 'answered'", REFUSE, NEVER_DELETED),
        ),
        Trigger(
            "measure_never_truncated", runs("BEFORE TRUNCATE", MEASURE, "", REFUSE, NEVER_DELETED, each="STATEMENT")
        ),
        Trigger(
            "measure_keeps_who",
            runs("BEFORE UPDATE", MEASURE, f"NOT ({same(WHO, _ON_POSTGRESQL)})", REFUSE, KEEPS_WHO),
        ),
        Trigger(
            "alert_keeps", runs("BEFORE UPDATE", ALERT, f"NOT ({_alert_may(_ON_POSTGRESQL)})", REFUSE, ALERT_KEEPS)
        ),
        Trigger("alert_never_deleted", runs("BEFORE DELETE", ALERT, "", REFUSE, ALERT_STAYS)),
        Trigger("alert_never_truncated", runs("BEFORE TRUNCATE", ALERT, "", REFUSE, ALERT_STAYS, each="STATEMENT")),
    ],
)
