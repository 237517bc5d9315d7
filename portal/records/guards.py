"""What the database itself refuses, on SQLite and on PostgreSQL: changes of signed records.

A signed note and an addendum never change and are never deleted. One thing may change: the ciphertext, when it is
written again under another key (`rotate_keys`): then the key id in its prefix `v1:<key id>:` differs, and nothing else.

Django alters a table on SQLite by copying it, which drops its triggers, and SQLite refuses the renaming while a trigger
of another table names it. So `migrate` lifts these triggers before it starts and puts them back at its end, whatever
the migrations between do (portal/records/apps.py). PostgreSQL keeps its triggers through everything.
"""

from __future__ import annotations

from typing import Any

NOTE, ADDENDUM, APPOINTMENT = "records_progressnote", "records_addendum", "appointments_appointment"

# What a signed note is, but for its ciphertext. A test fails if a column is in neither.
NOTE_COLUMNS = (
    *("id", "code", "appointment_id", "patient_id", "author_id", "template", "state", "version", "created_at"),
    *("updated_at", "signed_at", "signed_by_id", "sequence", "previous_hash", "hash"),
)
ADDENDUM_COLUMNS = (
    *("id", "code", "note_id", "author_id", "signed_at", "signed_by_id", "sequence", "previous_hash", "hash"),
)

NEVER_CHANGES = "A signed note never changes."
NEVER_DELETED = "A signed note is never deleted."
ADDENDUM_NEVER_CHANGES = "An addendum never changes."
ADDENDUM_NEVER_DELETED = "An addendum is never deleted."
KEEPS_ITS_SESSION = "A note stays with its session, its patient and its author."
IS_OF_ITS_SESSION = "A note is of the patient and by the psychologist of its session."
NEEDS_A_SIGNED_NOTE = "An addendum belongs to a signed note."
# The diary knows these by their names, which stand first: portal/appointments/actions/transactions.py.
KEEPS_WHO = "appointment_with_note_keeps_who: A session with a note keeps its patient and its psychologist."
KEEPS_WHEN = "appointment_with_signed_note_keeps_when: A session with a signed note keeps its time, place and service."
NOT_CALLED_OFF = "appointment_with_signed_note_not_called_off: A session with a signed note can't be called off."

# ---- SQLite ---------------------------------------------------------------------------------------------------------

_KEY_ID = "substr({row}.body, 4, instr(substr({row}.body, 4), ':') - 1)"
_REKEYED = "NEW.body GLOB 'v1:?*:?*' AND " + _KEY_ID.format(row="NEW") + " IS NOT " + _KEY_ID.format(row="OLD")


def _same(columns: tuple[str, ...]) -> str:
    return " AND ".join(f'NEW."{column}" IS OLD."{column}"' for column in columns)


def _differ(columns: str) -> str:
    return " OR ".join(f'NEW."{column}" IS NOT OLD."{column}"' for column in columns.split())


def _sqlite(when: str, table: str, condition: str, words: str) -> str:
    return f"{when} ON {table} FOR EACH ROW WHEN {condition} BEGIN SELECT RAISE(ABORT, '{_quoted(words)}'); END"


def _quoted(words: str) -> str:
    return words.replace("'", "''")


_NOTE_OF = f"SELECT 1 FROM {NOTE} WHERE appointment_id = OLD.id"  # noqa: S608  the table's name is this file's own
SQLITE = {
    "note_signed_never_changes": _sqlite(
        "BEFORE UPDATE", NOTE, f"OLD.state = 'signed' AND NOT ({_same(NOTE_COLUMNS)} AND {_REKEYED})", NEVER_CHANGES
    ),
    "note_signed_never_deleted": _sqlite("BEFORE DELETE", NOTE, "OLD.state = 'signed'", NEVER_DELETED),
    "note_keeps_its_session": _sqlite(
        "BEFORE UPDATE OF code, appointment_id, patient_id, author_id, created_at",
        NOTE,
        "OLD.state = 'draft' AND (" + _differ("code appointment_id patient_id author_id created_at") + ")",
        KEEPS_ITS_SESSION,
    ),
    "note_is_of_its_session": _sqlite(
        "BEFORE INSERT",
        NOTE,
        f"NOT EXISTS (SELECT 1 FROM {APPOINTMENT} AS a WHERE a.id = NEW.appointment_id "  # noqa: S608
        "AND a.patient_id = NEW.patient_id AND a.psychologist_id = NEW.author_id)",
        IS_OF_ITS_SESSION,
    ),
    # INSERT OR REPLACE deletes a row without a word to its delete trigger, unless the connection asks for it.
    "note_signed_never_replaced": _sqlite(
        "BEFORE INSERT",
        NOTE,
        f"EXISTS (SELECT 1 FROM {NOTE} WHERE state = 'signed' AND (id = NEW.id OR code = NEW.code "  # noqa: S608
        "OR appointment_id = NEW.appointment_id OR sequence = NEW.sequence))",
        NEVER_CHANGES,
    ),
    "note_signed_never_pushed_out": _sqlite(
        "BEFORE UPDATE OF id, sequence",
        NOTE,
        f"EXISTS (SELECT 1 FROM {NOTE} WHERE id <> OLD.id AND state = 'signed' "  # noqa: S608
        "AND (id = NEW.id OR sequence = NEW.sequence))",
        NEVER_CHANGES,
    ),
    "addendum_never_replaced": _sqlite(
        "BEFORE INSERT",
        ADDENDUM,
        f"EXISTS (SELECT 1 FROM {ADDENDUM} WHERE id = NEW.id OR code = NEW.code OR sequence = NEW.sequence)",  # noqa: S608
        ADDENDUM_NEVER_CHANGES,
    ),
    "addendum_never_changes": _sqlite(
        "BEFORE UPDATE", ADDENDUM, f"NOT ({_same(ADDENDUM_COLUMNS)} AND {_REKEYED})", ADDENDUM_NEVER_CHANGES
    ),
    "addendum_never_deleted": _sqlite("BEFORE DELETE", ADDENDUM, "1", ADDENDUM_NEVER_DELETED),
    "addendum_needs_a_signed_note": _sqlite(
        "BEFORE INSERT",
        ADDENDUM,
        f"(SELECT state FROM {NOTE} WHERE id = NEW.note_id) IS NOT 'signed'",  # noqa: S608
        NEEDS_A_SIGNED_NOTE,
    ),
    "appointment_with_note_keeps_who": _sqlite(
        "BEFORE UPDATE OF patient_id, psychologist_id",
        APPOINTMENT,
        f"({_differ('patient_id psychologist_id')}) AND EXISTS ({_NOTE_OF})",
        KEEPS_WHO,
    ),
    "appointment_with_signed_note_keeps_when": _sqlite(
        "BEFORE UPDATE OF starts_at, ends_at, service_id, location_id, mode",
        APPOINTMENT,
        f"({_differ('starts_at ends_at service_id location_id mode')}) AND EXISTS ({_NOTE_OF} AND state = 'signed')",
        KEEPS_WHEN,
    ),
    "appointment_with_signed_note_not_called_off": _sqlite(
        "BEFORE UPDATE OF status",
        APPOINTMENT,
        "NEW.status IS NOT OLD.status AND NEW.status IN ('held', 'cancelled', 'no_show') "
        f"AND EXISTS ({_NOTE_OF} AND state = 'signed')",
        NOT_CALLED_OFF,
    ),
}

# ---- PostgreSQL -----------------------------------------------------------------------------------------------------

# 23000 is integrity_constraint_violation: both engines then raise Django's IntegrityError.
POSTGRES_FUNCTIONS = {
    "records_refuse()": """
        RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = '23000', CONSTRAINT = TG_NAME;
        END $$""",
    "records_rekeyed(was text, becomes text)": """
        RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
            SELECT becomes ~ '^v1:[^:]+:[^:]+$' AND split_part(becomes, ':', 2) <> split_part(was, ':', 2)
        $$""",
    "records_note_is_of_its_session()": f"""
        RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM 1 FROM {APPOINTMENT} AS a
                WHERE a.id = NEW.appointment_id AND a.patient_id = NEW.patient_id AND a.psychologist_id = NEW.author_id;
            IF NOT FOUND THEN
                RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = '23000', CONSTRAINT = TG_NAME;
            END IF;
            RETURN NEW;
        END $$""",
    "records_note_is_signed()": f"""
        RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM 1 FROM {NOTE} WHERE id = NEW.note_id AND state = 'signed';
            IF NOT FOUND THEN
                RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = '23000', CONSTRAINT = TG_NAME;
            END IF;
            RETURN NEW;
        END $$""",
    "records_session_has_no_note()": f"""
        RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM 1 FROM {NOTE}
                WHERE appointment_id = OLD.id AND (TG_ARGV[1] = 'any' OR state = 'signed');
            IF FOUND THEN
                RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = '23000', CONSTRAINT = TG_NAME;
            END IF;
            RETURN NEW;
        END $$""",
}


def _postgres(when: str, table: str, condition: str, run: str, *words: str, each: str = "ROW") -> str:
    arguments = ", ".join(f"'{_quoted(word)}'" for word in words)
    only = f"WHEN ({condition}) " if condition else ""
    return f"{when} ON {table} FOR EACH {each} {only}EXECUTE FUNCTION {run}({arguments})"


def _distinct(columns: str) -> str:
    return " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in columns.split())


_ONLY_REKEYED = "to_jsonb(NEW.*) - 'body' = to_jsonb(OLD.*) - 'body' AND records_rekeyed(OLD.body, NEW.body)"
POSTGRES = {
    "note_signed_never_changes": (
        NOTE,
        _postgres(
            "BEFORE UPDATE", NOTE, f"OLD.state = 'signed' AND NOT ({_ONLY_REKEYED})", "records_refuse", NEVER_CHANGES
        ),
    ),
    "note_signed_never_deleted": (
        NOTE,
        _postgres("BEFORE DELETE", NOTE, "OLD.state = 'signed'", "records_refuse", NEVER_DELETED),
    ),
    "note_never_truncated": (
        NOTE,
        _postgres("BEFORE TRUNCATE", NOTE, "", "records_refuse", NEVER_DELETED, each="STATEMENT"),
    ),
    "note_keeps_its_session": (
        NOTE,
        _postgres(
            "BEFORE UPDATE OF code, appointment_id, patient_id, author_id, created_at",
            NOTE,
            "OLD.state = 'draft' AND (" + _distinct("code appointment_id patient_id author_id created_at") + ")",
            "records_refuse",
            KEEPS_ITS_SESSION,
        ),
    ),
    "note_is_of_its_session": (
        NOTE,
        _postgres("BEFORE INSERT", NOTE, "", "records_note_is_of_its_session", IS_OF_ITS_SESSION),
    ),
    "addendum_never_changes": (
        ADDENDUM,
        _postgres("BEFORE UPDATE", ADDENDUM, f"NOT ({_ONLY_REKEYED})", "records_refuse", ADDENDUM_NEVER_CHANGES),
    ),
    "addendum_never_deleted": (
        ADDENDUM,
        _postgres("BEFORE DELETE", ADDENDUM, "", "records_refuse", ADDENDUM_NEVER_DELETED),
    ),
    "addendum_never_truncated": (
        ADDENDUM,
        _postgres("BEFORE TRUNCATE", ADDENDUM, "", "records_refuse", ADDENDUM_NEVER_DELETED, each="STATEMENT"),
    ),
    "addendum_needs_a_signed_note": (
        ADDENDUM,
        _postgres("BEFORE INSERT", ADDENDUM, "", "records_note_is_signed", NEEDS_A_SIGNED_NOTE),
    ),
    "appointment_with_note_keeps_who": (
        APPOINTMENT,
        _postgres(
            "BEFORE UPDATE OF patient_id, psychologist_id",
            APPOINTMENT,
            _distinct("patient_id psychologist_id"),
            "records_session_has_no_note",
            KEEPS_WHO,
            "any",
        ),
    ),
    "appointment_with_signed_note_keeps_when": (
        APPOINTMENT,
        _postgres(
            "BEFORE UPDATE OF starts_at, ends_at, service_id, location_id, mode",
            APPOINTMENT,
            _distinct("starts_at ends_at service_id location_id mode"),
            "records_session_has_no_note",
            KEEPS_WHEN,
            "signed",
        ),
    ),
    "appointment_with_signed_note_not_called_off": (
        APPOINTMENT,
        _postgres(
            "BEFORE UPDATE OF status",
            APPOINTMENT,
            "NEW.status <> OLD.status AND NEW.status IN ('held', 'cancelled', 'no_show')",
            "records_session_has_no_note",
            NOT_CALLED_OFF,
            "signed",
        ),
    ),
}


def put_up(connection: Any) -> None:
    """Makes the triggers that are missing (SQLite) or makes all of them anew (PostgreSQL)."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name, rest in SQLITE.items():
                cursor.execute(f"CREATE TRIGGER IF NOT EXISTS {name} {rest}")
        elif connection.vendor == "postgresql":
            for signature, rest in POSTGRES_FUNCTIONS.items():
                cursor.execute(f"CREATE OR REPLACE FUNCTION {signature} {rest}")
            for name, (_table, rest) in POSTGRES.items():
                cursor.execute(f"CREATE OR REPLACE TRIGGER {name} {rest}")


def take_down(connection: Any) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name in SQLITE:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
        elif connection.vendor == "postgresql":
            for name, (table, _rest) in POSTGRES.items():
                cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
            for signature in POSTGRES_FUNCTIONS:
                kinds = ", ".join(part.split()[1] for part in signature[:-1].split("(")[1].split(",") if part.strip())
                cursor.execute(f"DROP FUNCTION IF EXISTS {signature.split('(')[0]}({kinds})")


def problem(connection: Any) -> str:
    """What is wrong with the triggers, in words, or an empty string. A rebuilt table loses them without a word."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            expected = set(SQLITE)
        else:
            cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'")
            expected = set(POSTGRES)
        missing = expected - {name for (name,) in cursor.fetchall()}
    return f"the database does not guard the records: {', '.join(sorted(missing))} missing" if missing else ""
