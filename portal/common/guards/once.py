# ruff: noqa: S608 - the names put together here are our own tables and columns; no value of anybody's is among them.
"""Tables whose rows change once, in one way, and never go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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


def fills_once(
    name: str, *, prefix: str, table: str, kept: Sequence[str], once: Mapping[str, Sequence[str]], words: str
) -> Guard:
    """The guard of a table whose rows never change and never go, but that some columns are filled in once.

    `once` names the moment of each filling, a column that is empty before, with the columns that are filled in with it.
    Columns that are named nowhere, such as ciphertext, may be written anew.
    """

    def unchanged(same: str) -> str:
        fillings = [
            f"({_all_same((moment, *others), same)} OR (OLD.{moment} IS NULL AND NEW.{moment} IS NOT NULL))"
            for moment, others in once.items()
        ]
        return " AND ".join([_all_same(kept, same), *fillings])

    present = f"EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id OR code = NEW.code)"
    return Guard(
        name,
        sqlite=[
            Trigger(f"{prefix}_never_changes", refuses("BEFORE UPDATE", table, f"NOT ({unchanged('IS')})", words)),
            Trigger(f"{prefix}_never_replaced", refuses("BEFORE INSERT", table, present, words)),
            Trigger(f"{prefix}_never_deleted", refuses("BEFORE DELETE", table, "1", words)),
        ],
        postgresql=[
            REFUSE,
            Trigger(
                f"{prefix}_never_changes",
                runs("BEFORE UPDATE", table, f"NOT ({unchanged('IS NOT DISTINCT FROM')})", REFUSE, words),
            ),
            Trigger(f"{prefix}_never_deleted", runs("BEFORE DELETE", table, "", REFUSE, words)),
            Trigger(f"{prefix}_never_truncated", runs("BEFORE TRUNCATE", table, "", REFUSE, words, each="STATEMENT")),
        ],
    )


def _all_same(columns: Sequence[str], same: str) -> str:
    return " AND ".join(f'NEW."{column}" {same} OLD."{column}"' for column in columns)
