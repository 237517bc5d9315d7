"""The triggers that keep the trail. The database loses them when a table is rebuilt, so verification looks for them."""

from __future__ import annotations

from django.db import connection

TABLE = "audit_entry"
NAMES = {
    "sqlite": {"audit_entry_no_delete", "audit_entry_no_insert", "audit_entry_no_update"},
    "postgresql": {"audit_entry_guard", "audit_entry_no_truncate"},
}


def problem() -> str:
    """What is wrong with the triggers, in words, or an empty string."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [TABLE])
        else:
            cursor.execute(
                "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal AND tgenabled <> 'D'",
                [TABLE],
            )
        present = {name for (name,) in cursor.fetchall()}
    missing = NAMES[connection.vendor] - present
    return f"the database does not guard the trail: {', '.join(sorted(missing))} missing" if missing else ""
