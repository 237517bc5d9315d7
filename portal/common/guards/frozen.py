"""Tables whose rows never change once written: the database itself refuses, on SQLite and on PostgreSQL.

Django alters a table on SQLite by copying it, which drops its triggers; so `migrate` lifts them before it starts and
puts them back at its end. PostgreSQL keeps its triggers through everything, and gets them from a migration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate

REFUSE = "portal_refuse"


def _quoted(words: str) -> str:
    return words.replace("'", "''")


@dataclass(frozen=True)
class Frozen:
    """A guarded table. `keys` are the sets of unique columns, by which SQLite's OR REPLACE could push a row out.

    With `may_go`, rows may still be deleted: those of a person whose record is erased.
    """

    name: str
    table: str
    words: str
    keys: tuple[tuple[str, ...], ...] = ()
    may_go: bool = False

    @property
    def sqlite(self) -> dict[str, str]:
        stop = f"BEGIN SELECT RAISE(ABORT, '{_quoted(self.words)}'); END"
        same = " OR ".join(
            "(" + " AND ".join(f"{column} = NEW.{column}" for column in key) + ")" for key in (("id",), *self.keys)
        )
        present = f"(SELECT 1 FROM {self.table} WHERE {same})"  # noqa: S608  names of our own tables
        triggers = {
            f"{self.name}_never_changes": f"BEFORE UPDATE ON {self.table} FOR EACH ROW {stop}",
            f"{self.name}_never_replaced": (f"BEFORE INSERT ON {self.table} FOR EACH ROW WHEN EXISTS {present} {stop}"),
        }
        if not self.may_go:
            triggers[f"{self.name}_never_deleted"] = f"BEFORE DELETE ON {self.table} FOR EACH ROW {stop}"
        return triggers

    @property
    def postgres(self) -> dict[str, str]:
        refuse = f"EXECUTE FUNCTION {REFUSE}('{_quoted(self.words)}')"
        when = "UPDATE" if self.may_go else "UPDATE OR DELETE"
        triggers = {f"{self.name}_never_changes": f"BEFORE {when} ON {self.table} FOR EACH ROW {refuse}"}
        if not self.may_go:
            triggers[f"{self.name}_never_truncated"] = f"BEFORE TRUNCATE ON {self.table} FOR EACH STATEMENT {refuse}"
        return triggers

    def put_up(self, connection: Any) -> None:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                for name, rest in self.sqlite.items():
                    cursor.execute(f"CREATE TRIGGER IF NOT EXISTS {name} {rest}")
                return
            # 23000 is integrity_constraint_violation: both engines then raise Django's IntegrityError.
            cursor.execute(
                f"CREATE OR REPLACE FUNCTION {REFUSE}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                "RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = '23000', CONSTRAINT = TG_NAME; END $$"
            )
            for name, rest in self.postgres.items():
                cursor.execute(f"CREATE OR REPLACE TRIGGER {name} {rest}")

    def take_down(self, connection: Any) -> None:
        on = "" if connection.vendor == "sqlite" else f" ON {self.table}"
        with connection.cursor() as cursor:
            for name in self.sqlite if connection.vendor == "sqlite" else self.postgres:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")

    def problem(self, connection: Any) -> str:
        """What is wrong with the triggers, in words, or an empty string. A rebuilt table loses them without a word."""
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
                expected = set(self.sqlite)
            else:
                cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'")
                expected = set(self.postgres)
            missing = expected - {name for (name,) in cursor.fetchall()}
        return f"the database does not guard {self.table}: {', '.join(sorted(missing))} missing" if missing else ""

    def _is_made(self, connection: Any) -> bool:
        with connection.cursor() as cursor:
            return self.table in connection.introspection.table_names(cursor)

    def through_migrations(self, app: AppConfig) -> None:
        """Lifts and restores the triggers round every `migrate` on SQLite; called by the app's `ready`."""

        def lift(*, using: str, **kwargs: Any) -> None:
            if connections[using].vendor == "sqlite":
                self.take_down(connections[using])

        def restore(*, using: str, **kwargs: Any) -> None:
            if connections[using].vendor == "sqlite" and self._is_made(connections[using]):
                self.put_up(connections[using])

        pre_migrate.connect(lift, sender=app, weak=False, dispatch_uid=f"lift {self.name}")
        post_migrate.connect(restore, sender=app, weak=False, dispatch_uid=f"restore {self.name}")

    def for_migration(self, apps: Any, schema_editor: Any) -> None:
        """For RunPython: SQLite's triggers go up when all migrations are done; the next may rebuild the table."""
        if schema_editor.connection.vendor == "postgresql":
            self.put_up(schema_editor.connection)

    def undo_migration(self, apps: Any, schema_editor: Any) -> None:
        self.take_down(schema_editor.connection)
