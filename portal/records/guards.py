"""What the database itself refuses, on SQLite and on PostgreSQL: changes of signed records.

A signed note and an addendum never change and are never deleted. One thing may change: the ciphertext, when it is
written again under another key (`rotate_keys`): then the key id in its prefix `v1:<key id>:` differs, and nothing else.
"""

from __future__ import annotations

from portal.common.guards import REFUSE, Function, Guard, Trigger, raises, refuses, runs

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


_NOTE_OF = f"SELECT 1 FROM {NOTE} WHERE appointment_id = OLD.id"  # noqa: S608  the table's name is this file's own
_SQLITE = {
    "note_signed_never_changes": refuses(
        "BEFORE UPDATE", NOTE, f"OLD.state = 'signed' AND NOT ({_same(NOTE_COLUMNS)} AND {_REKEYED})", NEVER_CHANGES
    ),
    "note_signed_never_deleted": refuses("BEFORE DELETE", NOTE, "OLD.state = 'signed'", NEVER_DELETED),
    "note_keeps_its_session": refuses(
        "BEFORE UPDATE OF code, appointment_id, patient_id, author_id, created_at",
        NOTE,
        "OLD.state = 'draft' AND (" + _differ("code appointment_id patient_id author_id created_at") + ")",
        KEEPS_ITS_SESSION,
    ),
    "note_is_of_its_session": refuses(
        "BEFORE INSERT",
        NOTE,
        f"NOT EXISTS (SELECT 1 FROM {APPOINTMENT} AS a WHERE a.id = NEW.appointment_id "  # noqa: S608
        "AND a.patient_id = NEW.patient_id AND a.psychologist_id = NEW.author_id)",
        IS_OF_ITS_SESSION,
    ),
    # INSERT OR REPLACE deletes a row without a word to its delete trigger, unless the connection asks for it.
    "note_signed_never_replaced": refuses(
        "BEFORE INSERT",
        NOTE,
        f"EXISTS (SELECT 1 FROM {NOTE} WHERE state = 'signed' AND (id = NEW.id OR code = NEW.code "  # noqa: S608
        "OR appointment_id = NEW.appointment_id OR sequence = NEW.sequence))",
        NEVER_CHANGES,
    ),
    "note_signed_never_pushed_out": refuses(
        "BEFORE UPDATE OF id, sequence",
        NOTE,
        f"EXISTS (SELECT 1 FROM {NOTE} WHERE id <> OLD.id AND state = 'signed' "  # noqa: S608
        "AND (id = NEW.id OR sequence = NEW.sequence))",
        NEVER_CHANGES,
    ),
    "addendum_never_replaced": refuses(
        "BEFORE INSERT",
        ADDENDUM,
        f"EXISTS (SELECT 1 FROM {ADDENDUM} WHERE id = NEW.id OR code = NEW.code OR sequence = NEW.sequence)",  # noqa: S608
        ADDENDUM_NEVER_CHANGES,
    ),
    "addendum_never_changes": refuses(
        "BEFORE UPDATE", ADDENDUM, f"NOT ({_same(ADDENDUM_COLUMNS)} AND {_REKEYED})", ADDENDUM_NEVER_CHANGES
    ),
    "addendum_never_deleted": refuses("BEFORE DELETE", ADDENDUM, "1", ADDENDUM_NEVER_DELETED),
    "addendum_needs_a_signed_note": refuses(
        "BEFORE INSERT",
        ADDENDUM,
        f"(SELECT state FROM {NOTE} WHERE id = NEW.note_id) IS NOT 'signed'",  # noqa: S608
        NEEDS_A_SIGNED_NOTE,
    ),
    "appointment_with_note_keeps_who": refuses(
        "BEFORE UPDATE OF patient_id, psychologist_id",
        APPOINTMENT,
        f"({_differ('patient_id psychologist_id')}) AND EXISTS ({_NOTE_OF})",
        KEEPS_WHO,
    ),
    "appointment_with_signed_note_keeps_when": refuses(
        "BEFORE UPDATE OF starts_at, ends_at, service_id, location_id, mode",
        APPOINTMENT,
        f"({_differ('starts_at ends_at service_id location_id mode')}) AND EXISTS ({_NOTE_OF} AND state = 'signed')",
        KEEPS_WHEN,
    ),
    "appointment_with_signed_note_not_called_off": refuses(
        "BEFORE UPDATE OF status",
        APPOINTMENT,
        "NEW.status IS NOT OLD.status AND NEW.status IN ('held', 'cancelled', 'no_show') "
        f"AND EXISTS ({_NOTE_OF} AND state = 'signed')",
        NOT_CALLED_OFF,
    ),
}

# ---- PostgreSQL -----------------------------------------------------------------------------------------------------

REKEYED = Function(
    "records_rekeyed",
    "SELECT becomes ~ '^v1:[^:]+:[^:]+$' AND split_part(becomes, ':', 2) <> split_part(was, ':', 2)",
    arguments="was text, becomes text",
    returns="boolean LANGUAGE sql IMMUTABLE",
)
NOTE_IS_OF_ITS_SESSION = Function(
    "records_note_is_of_its_session",
    f"""
    BEGIN
        PERFORM 1 FROM {APPOINTMENT} AS a
            WHERE a.id = NEW.appointment_id AND a.patient_id = NEW.patient_id AND a.psychologist_id = NEW.author_id;
        IF NOT FOUND THEN {raises(IS_OF_ITS_SESSION)} END IF;
        RETURN NEW;
    END""",
)
NOTE_IS_SIGNED = Function(
    "records_note_is_signed",
    f"""
    BEGIN
        PERFORM 1 FROM {NOTE} WHERE id = NEW.note_id AND state = 'signed';
        IF NOT FOUND THEN {raises(NEEDS_A_SIGNED_NOTE)} END IF;
        RETURN NEW;
    END""",
)
SESSION_HAS_NO_NOTE = Function(
    "records_session_has_no_note",
    f"""
    BEGIN
        PERFORM 1 FROM {NOTE} WHERE appointment_id = OLD.id AND (TG_ARGV[1] = 'any' OR state = 'signed');
        IF FOUND THEN
            RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = '23000', CONSTRAINT = TG_NAME;
        END IF;
        RETURN NEW;
    END""",
)


def _distinct(columns: str) -> str:
    return " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in columns.split())


_ONLY_REKEYED = "to_jsonb(NEW.*) - 'body' = to_jsonb(OLD.*) - 'body' AND records_rekeyed(OLD.body, NEW.body)"
_POSTGRES = {
    "note_signed_never_changes": runs(
        "BEFORE UPDATE", NOTE, f"OLD.state = 'signed' AND NOT ({_ONLY_REKEYED})", REFUSE, NEVER_CHANGES
    ),
    "note_signed_never_deleted": runs("BEFORE DELETE", NOTE, "OLD.state = 'signed'", REFUSE, NEVER_DELETED),
    "note_never_truncated": runs("BEFORE TRUNCATE", NOTE, "", REFUSE, NEVER_DELETED, each="STATEMENT"),
    "note_keeps_its_session": runs(
        "BEFORE UPDATE OF code, appointment_id, patient_id, author_id, created_at",
        NOTE,
        "OLD.state = 'draft' AND (" + _distinct("code appointment_id patient_id author_id created_at") + ")",
        REFUSE,
        KEEPS_ITS_SESSION,
    ),
    "note_is_of_its_session": runs("BEFORE INSERT", NOTE, "", NOTE_IS_OF_ITS_SESSION),
    "addendum_never_changes": runs("BEFORE UPDATE", ADDENDUM, f"NOT ({_ONLY_REKEYED})", REFUSE, ADDENDUM_NEVER_CHANGES),
    "addendum_never_deleted": runs("BEFORE DELETE", ADDENDUM, "", REFUSE, ADDENDUM_NEVER_DELETED),
    "addendum_never_truncated": runs("BEFORE TRUNCATE", ADDENDUM, "", REFUSE, ADDENDUM_NEVER_DELETED, each="STATEMENT"),
    "addendum_needs_a_signed_note": runs("BEFORE INSERT", ADDENDUM, "", NOTE_IS_SIGNED),
    "appointment_with_note_keeps_who": runs(
        "BEFORE UPDATE OF patient_id, psychologist_id",
        APPOINTMENT,
        _distinct("patient_id psychologist_id"),
        SESSION_HAS_NO_NOTE,
        KEEPS_WHO,
        "any",
    ),
    "appointment_with_signed_note_keeps_when": runs(
        "BEFORE UPDATE OF starts_at, ends_at, service_id, location_id, mode",
        APPOINTMENT,
        _distinct("starts_at ends_at service_id location_id mode"),
        SESSION_HAS_NO_NOTE,
        KEEPS_WHEN,
        "signed",
    ),
    "appointment_with_signed_note_not_called_off": runs(
        "BEFORE UPDATE OF status",
        APPOINTMENT,
        "NEW.status <> OLD.status AND NEW.status IN ('held', 'cancelled', 'no_show')",
        SESSION_HAS_NO_NOTE,
        NOT_CALLED_OFF,
        "signed",
    ),
}

RECORDS = Guard(
    "the records",
    sqlite=[Trigger(name, definition) for name, definition in _SQLITE.items()],
    postgresql=[
        *(REFUSE, REKEYED, NOTE_IS_OF_ITS_SESSION, NOTE_IS_SIGNED, SESSION_HAS_NO_NOTE),
        *(Trigger(name, definition) for name, definition in _POSTGRES.items()),
    ],
)
