# ruff: noqa: S608 - the names put together here are our own tables and columns; no value of anybody's is among them.
"""What the database itself refuses: changes of what was written.

A message and its attachment never change and are never deleted; a conversation stays with whom it is. One thing may
change: ciphertext, when it is written again under another key (`rotate_keys`).
"""

from __future__ import annotations

from collections.abc import Sequence

from portal.common.guards import REFUSE, Function, Guard, Trigger, raises, refuses, runs
from portal.common.guards.parts import Part

THREAD, MESSAGE, ATTACHMENT = "messaging_thread", "messaging_message", "messaging_attachment"

MESSAGE_NEVER_CHANGES = "A message never changes."
ATTACHMENT_NEVER_CHANGES = "What came with a message never changes."
THREAD_KEEPS = "A conversation stays with whom it is, and is never deleted."
TAKES_NO_MORE = "A closed conversation takes no message."

# What a row is, but for its ciphertext. A test fails if a column is in neither.
MESSAGE_KEPT = ("id", "code", "thread_id", "number", "side", "author_id", "source", "sent_at")
MESSAGE_SEALED = ("body",)
ATTACHMENT_KEPT = ("id", "code", "message_id", "kind", "size", "sha256", "path")
ATTACHMENT_SEALED = ("name", "key")
# The patient of a text may be found out later, once.
THREAD_KEPT = ("id", "code", "psychologist_id", "by_text", "started_at", "started_by_id")
THREAD_SEALED = ("about", "phone")
THREAD_CHANGES = (
    *("last_number", "last_from_clinic", "last_at", "turn", "waiting_since", "assigned_to_id", "assigned_at"),
    *("closed_at", "closed_by_id"),
)

REKEYED = Function(
    "messaging_rekeyed",
    "SELECT becomes ~ '^v1:[^:]+:[^:]+$' AND split_part(becomes, ':', 2) <> split_part(was, ':', 2)",
    arguments="was text, becomes text",
    returns="boolean LANGUAGE sql IMMUTABLE",
)


def _only_rekeyed_on_sqlite(column: str) -> str:
    key = f'substr({{row}}."{column}", 4, instr(substr({{row}}."{column}", 4), \':\') - 1)'
    return (
        f'(NEW."{column}" IS OLD."{column}" OR (NEW."{column}" GLOB \'v1:?*:?*\' AND '
        f"{key.format(row='NEW')} IS NOT {key.format(row='OLD')}))"
    )


def _only_rekeyed_on_postgresql(column: str) -> str:
    return f'(NEW."{column}" IS NOT DISTINCT FROM OLD."{column}" OR messaging_rekeyed(OLD."{column}", NEW."{column}"))'


def _stays(kept: Sequence[str], sealed: Sequence[str], more: str = "") -> tuple[str, str]:
    """What holds of an update that changes nothing but keys, on SQLite and on PostgreSQL."""
    on_sqlite = [*(f'NEW."{c}" IS OLD."{c}"' for c in kept), *map(_only_rekeyed_on_sqlite, sealed)]
    on_postgresql = [
        *(f'NEW."{c}" IS NOT DISTINCT FROM OLD."{c}"' for c in kept),
        *map(_only_rekeyed_on_postgresql, sealed),
    ]
    if more:
        on_sqlite.append(more.format(same="IS"))
        on_postgresql.append(more.format(same="IS NOT DISTINCT FROM"))
    return " AND ".join(on_sqlite), " AND ".join(on_postgresql)


def _kept(
    name: str, *, prefix: str, table: str, stays: tuple[str, str], present: str, words: str, more: tuple[str, ...] = ()
) -> Guard:
    on_sqlite, on_postgresql = stays
    found = f"EXISTS (SELECT 1 FROM {table} WHERE {present})"
    sqlite = [
        Trigger(f"{prefix}_never_changes", refuses("BEFORE UPDATE", table, f"NOT ({on_sqlite})", words)),
        Trigger(f"{prefix}_never_replaced", refuses("BEFORE INSERT", table, found, words)),
        Trigger(f"{prefix}_never_deleted", refuses("BEFORE DELETE", table, "1", words)),
    ]
    postgresql: list[Part] = [
        *(REFUSE, REKEYED),
        Trigger(f"{prefix}_never_changes", runs("BEFORE UPDATE", table, f"NOT ({on_postgresql})", REFUSE, words)),
        Trigger(f"{prefix}_never_deleted", runs("BEFORE DELETE", table, "", REFUSE, words)),
        Trigger(f"{prefix}_never_truncated", runs("BEFORE TRUNCATE", table, "", REFUSE, words, each="STATEMENT")),
    ]
    if more:
        sqlite.append(Trigger(more[0], more[1]))
        postgresql += [IS_OPEN, Trigger(more[0], more[2])]
    return Guard(name, sqlite=sqlite, postgresql=postgresql)


IS_OPEN = Function(
    "messaging_thread_is_open",
    f"""
    BEGIN
        PERFORM 1 FROM {THREAD} WHERE id = NEW.thread_id AND closed_at IS NOT NULL;
        IF FOUND THEN {raises(TAKES_NO_MORE)} END IF;
        RETURN NEW;
    END""",
)

THREADS = _kept(
    "the conversations",
    prefix="thread",
    table=THREAD,
    stays=_stays(
        THREAD_KEPT, THREAD_SEALED, more='(OLD."patient_id" IS NULL OR NEW."patient_id" {same} OLD."patient_id")'
    ),
    present="id = NEW.id OR code = NEW.code",
    words=THREAD_KEEPS,
)
MESSAGES = _kept(
    "the messages",
    prefix="message",
    table=MESSAGE,
    stays=_stays(MESSAGE_KEPT, MESSAGE_SEALED),
    present="id = NEW.id OR code = NEW.code OR (thread_id = NEW.thread_id AND number = NEW.number) "
    "OR (NEW.source <> '' AND source = NEW.source)",
    words=MESSAGE_NEVER_CHANGES,
    more=(
        "message_in_an_open_thread",
        refuses(
            "BEFORE INSERT",
            MESSAGE,
            f"EXISTS (SELECT 1 FROM {THREAD} WHERE id = NEW.thread_id AND closed_at IS NOT NULL)",
            TAKES_NO_MORE,
        ),
        runs("BEFORE INSERT", MESSAGE, "", IS_OPEN),
    ),
)
ATTACHMENTS = _kept(
    "what came with messages",
    prefix="attachment",
    table=ATTACHMENT,
    stays=_stays(ATTACHMENT_KEPT, ATTACHMENT_SEALED),
    present="id = NEW.id OR code = NEW.code OR message_id = NEW.message_id",
    words=ATTACHMENT_NEVER_CHANGES,
)
