from __future__ import annotations

from django.db import migrations

SQLITE = [
    # INSERT OR REPLACE deletes without a word to the delete trigger, hence the look for the id.
    """
    CREATE TRIGGER audit_entry_no_insert BEFORE INSERT ON audit_entry
    WHEN NEW.seq IS NOT NULL OR NEW.hash <> '' OR NEW.previous <> ''
      OR EXISTS (SELECT 1 FROM audit_entry WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'audit_entry: entries are added unsealed, and once'); END
    """,
    """
    CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry
    WHEN NOT (
      OLD.seq IS NULL
      AND NEW.seq IS (SELECT COALESCE(MAX(seq), 0) + 1 FROM audit_entry)
      AND NEW.id IS OLD.id AND NEW.at IS OLD.at
      AND NEW.actor_id IS OLD.actor_id AND NEW.actor_role IS OLD.actor_role AND NEW.actor_name IS OLD.actor_name
      AND NEW.verb IS OLD.verb AND NEW.target_label IS OLD.target_label AND NEW.target_code IS OLD.target_code
      AND NEW.facts IS OLD.facts
    )
    BEGIN SELECT RAISE(ABORT, 'audit_entry: the trail only grows'); END
    """,
    """
    CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry
    BEGIN SELECT RAISE(ABORT, 'audit_entry: the trail only grows'); END
    """,
]

POSTGRESQL = [
    """
    CREATE FUNCTION audit_entry_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'INSERT' THEN
        IF NEW.seq IS NULL AND NEW.hash = '' AND NEW.previous = '' THEN
          RETURN NEW;
        END IF;
      ELSIF TG_OP = 'UPDATE' THEN
        IF OLD.seq IS NULL
          AND NEW.seq = (SELECT COALESCE(MAX(seq), 0) + 1 FROM audit_entry)
          AND to_jsonb(NEW) - 'seq' - 'previous' - 'hash' = to_jsonb(OLD) - 'seq' - 'previous' - 'hash'
        THEN
          RETURN NEW;
        END IF;
      END IF;
      RAISE EXCEPTION 'audit_entry: the trail only grows' USING ERRCODE = 'restrict_violation';
    END $$
    """,
    """
    CREATE TRIGGER audit_entry_guard BEFORE INSERT OR UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_entry_guard()
    """,
    """
    CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_guard()
    """,
]

UNDO_SQLITE = [
    "DROP TRIGGER audit_entry_no_insert",
    "DROP TRIGGER audit_entry_no_update",
    "DROP TRIGGER audit_entry_no_delete",
]
UNDO_POSTGRESQL = [
    "DROP TRIGGER audit_entry_no_truncate ON audit_entry",
    "DROP TRIGGER audit_entry_guard ON audit_entry",
    "DROP FUNCTION audit_entry_guard()",
]


def _run(schema_editor, sqlite, postgresql):
    for statement in sqlite if schema_editor.connection.vendor == "sqlite" else postgresql:
        schema_editor.execute(statement, params=None)


def guard(apps, schema_editor):
    _run(schema_editor, SQLITE, POSTGRESQL)


def unguard(apps, schema_editor):
    _run(schema_editor, UNDO_SQLITE, UNDO_POSTGRESQL)


class Migration(migrations.Migration):
    """The trail only grows: the database itself refuses changes and deletions."""

    dependencies = [("audit", "0001_entries")]

    operations = [migrations.RunPython(guard, unguard, elidable=False)]
