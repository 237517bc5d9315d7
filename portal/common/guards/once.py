# ruff: noqa: S608 - the names put together here are our own tables and columns; no value of anybody's is among them.
"""Tables whose rows change once, in one way, and never go."""

from __future__ import annotations

from collections.abc import Sequence

from portal.common.guards.parts import REFUSE, Guard, Trigger, refuses, runs


def changes_once(
    name: str, *, prefix: str, table: str, kept: Sequence[str], change: str, same_as_new: str, words: str
) -> Guard:
    """The guard of such a table, on both engines.

    `change` says by OLD and NEW what the one change is, `kept` which columns it leaves as they are, and `same_as_new`
    which row SQLite's OR REPLACE would push out for NEW.
    """
    on_sqlite = " AND ".join(f'NEW."{column}" IS OLD."{column}"' for column in kept)
    on_postgresql = " AND ".join(f'NEW."{column}" IS NOT DISTINCT FROM OLD."{column}"' for column in kept)
    present = f"EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id OR ({same_as_new}))"
    return Guard(
        name,
        sqlite=[
            Trigger(
                f"{prefix}_never_changes", refuses("BEFORE UPDATE", table, f"NOT ({change} AND {on_sqlite})", words)
            ),
            Trigger(f"{prefix}_never_replaced", refuses("BEFORE INSERT", table, present, words)),
            Trigger(f"{prefix}_never_deleted", refuses("BEFORE DELETE", table, "1", words)),
        ],
        postgresql=[
            REFUSE,
            Trigger(
                f"{prefix}_never_changes",
                runs("BEFORE UPDATE", table, f"NOT ({change} AND {on_postgresql})", REFUSE, words),
            ),
            Trigger(f"{prefix}_never_deleted", runs("BEFORE DELETE", table, "", REFUSE, words)),
            Trigger(f"{prefix}_never_truncated", runs("BEFORE TRUNCATE", table, "", REFUSE, words, each="STATEMENT")),
        ],
    )
