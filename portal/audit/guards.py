"""What the database itself refuses, on SQLite and on PostgreSQL: the trail only grows.

An entry is added unsealed, and sealed once: then it gets the next number and its place in the chain of hashes. Nothing
else about it changes, and it is never deleted.
"""

from __future__ import annotations

from portal.common.guards import Function, Guard, Trigger, refuses

ENTRY = "audit_entry"
ONLY_GROWS = "audit_entry: the trail only grows"
# What sealing leaves as it is.
COLUMNS = ("id", "at", "actor_id", "actor_role", "actor_name", "verb", "target_label", "target_code", "facts")

_NEXT = f"(SELECT COALESCE(MAX(seq), 0) + 1 FROM {ENTRY})"  # noqa: S608  the table's name is this file's own
_THE_SAME_ID = f"(SELECT 1 FROM {ENTRY} WHERE id = NEW.id)"  # noqa: S608
_SAME = " AND ".join(f"NEW.{column} IS OLD.{column}" for column in COLUMNS)

_GUARD = Function(
    "audit_entry_guard",
    f"""
    BEGIN
      IF TG_OP = 'INSERT' THEN
        IF NEW.seq IS NULL AND NEW.hash = '' AND NEW.previous = '' THEN
          RETURN NEW;
        END IF;
      ELSIF TG_OP = 'UPDATE' THEN
        IF OLD.seq IS NULL
          AND NEW.seq = {_NEXT}
          AND to_jsonb(NEW) - 'seq' - 'previous' - 'hash' = to_jsonb(OLD) - 'seq' - 'previous' - 'hash'
        THEN
          RETURN NEW;
        END IF;
      END IF;
      RAISE EXCEPTION '{ONLY_GROWS}' USING ERRCODE = 'restrict_violation';
    END """,
)

TRAIL = Guard(
    "the trail",
    sqlite=[
        Trigger(
            "audit_entry_no_insert",
            # INSERT OR REPLACE deletes without a word to the delete trigger, hence the look for the id.
            refuses(
                "BEFORE INSERT",
                ENTRY,
                f"NEW.seq IS NOT NULL OR NEW.hash <> '' OR NEW.previous <> '' OR EXISTS {_THE_SAME_ID}",
                "audit_entry: entries are added unsealed, and once",
            ),
        ),
        Trigger(
            "audit_entry_no_update",
            refuses("BEFORE UPDATE", ENTRY, f"NOT (OLD.seq IS NULL AND NEW.seq IS {_NEXT} AND {_SAME})", ONLY_GROWS),
        ),
        Trigger("audit_entry_no_delete", refuses("BEFORE DELETE", ENTRY, "1", ONLY_GROWS)),
    ],
    postgresql=[
        _GUARD,
        Trigger(
            "audit_entry_guard",
            f"BEFORE INSERT OR UPDATE OR DELETE ON {ENTRY} FOR EACH ROW EXECUTE FUNCTION {_GUARD.name}()",
        ),
        Trigger(
            "audit_entry_no_truncate",
            f"BEFORE TRUNCATE ON {ENTRY} FOR EACH STATEMENT EXECUTE FUNCTION {_GUARD.name}()",
        ),
    ],
)
