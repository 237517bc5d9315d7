"""Tables whose rows never change once written: the database itself refuses, on SQLite and on PostgreSQL."""

from __future__ import annotations

from portal.common.guards.parts import REFUSE, Guard, Part, Trigger, refuses, runs


def frozen(
    name: str, *, prefix: str, table: str, words: str, keys: tuple[tuple[str, ...], ...] = (), may_go: bool = False
) -> Guard:
    """The guard of one such table. `keys` are the sets of unique columns by which SQLite's OR REPLACE pushes a row out.

    With `may_go`, rows may still be deleted: those of a person whose record is erased.
    """
    same = " OR ".join(
        "(" + " AND ".join(f"{column} = NEW.{column}" for column in key) + ")" for key in (("id",), *keys)
    )
    present = f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608  names of our own tables
    sqlite = [
        Trigger(f"{prefix}_never_changes", refuses("BEFORE UPDATE", table, "1", words)),
        Trigger(f"{prefix}_never_replaced", refuses("BEFORE INSERT", table, present, words)),
    ]
    postgresql: list[Part] = [
        REFUSE,
        Trigger(
            f"{prefix}_never_changes",
            runs("BEFORE UPDATE" if may_go else "BEFORE UPDATE OR DELETE", table, "", REFUSE, words),
        ),
    ]
    if not may_go:
        sqlite.append(Trigger(f"{prefix}_never_deleted", refuses("BEFORE DELETE", table, "1", words)))
        postgresql.append(
            Trigger(f"{prefix}_never_truncated", runs("BEFORE TRUNCATE", table, "", REFUSE, words, each="STATEMENT"))
        )
    return Guard(name, sqlite, postgresql)
