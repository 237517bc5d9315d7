"""The stamp, and the triggers that renew it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.signals import post_migrate

from portal.common.guards import Function, Guard, Trigger, runs

# Made by a migration, and no model: nothing but the triggers writes to it, and `flush` leaves it alone.
TABLE = "portal_stamp"
_NEW = {"sqlite": "lower(hex(randomblob(16)))", "postgresql": "replace(gen_random_uuid()::text, '-', '')"}
_RENEW = {vendor: f"UPDATE {TABLE} SET stamp = {new};" for vendor, new in _NEW.items()}  # noqa: S608 - our own table
_FUNCTION = Function("portal_renew_stamp", f" BEGIN {_RENEW['postgresql']} RETURN NULL; END ")

_watched: set[str] = set()


@dataclass(frozen=True)
class Changes:
    """Of a table that is written to all day, the changes of a few columns ("name, fee") alone."""

    table: str
    columns: str


def watched(name: str, *tables: str | Changes) -> Guard:
    """The guard by which every change of these tables renews the stamp; register it in the app's `ready`.

    PostgreSQL renews it once a statement, SQLite, which knows no such triggers, once a row. `name` ends doctor's
    sentence "the database does not guard ...".
    """
    changes = [each if isinstance(each, Changes) else Changes(each, "") for each in tables]
    _watched.update(each.table for each in changes)
    return Guard(
        name,
        sqlite=[trigger for each in changes for trigger in _on_sqlite(each)],
        postgresql=[_FUNCTION, *(_on_postgresql(each) for each in changes)],
    )


def _events(changes: Changes) -> list[str]:
    return [f"UPDATE OF {changes.columns}"] if changes.columns else ["INSERT", "UPDATE", "DELETE"]


def _on_sqlite(changes: Changes) -> Iterator[Trigger]:
    for event in _events(changes):
        name = f"{changes.table}_is_kept_{event.split()[0].lower()}"
        yield Trigger(name, f"AFTER {event} ON {changes.table} FOR EACH ROW BEGIN {_RENEW['sqlite']} END")


def _on_postgresql(changes: Changes) -> Trigger:
    # Before: a change of an address locks its row against whoever points at it, and would then wait for the stamp of
    # somebody who waits for that row.
    when = f"BEFORE {' OR '.join([*_events(changes), 'TRUNCATE'])}"
    return Trigger(f"{changes.table}_is_kept", runs(when, changes.table, "", _FUNCTION, each="STATEMENT"))


def watched_tables() -> set[str]:
    """The tables whose change ends what processes keep."""
    return _watched


def read() -> str | None:
    """The stamp as this connection sees it, within its transaction; None if it was lost, and then nothing is kept."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT stamp FROM {TABLE}")  # noqa: S608 - our own table
        row = cursor.fetchone()
    return row[0] if row else None


def renew(using: BaseDatabaseWrapper) -> None:
    """For what changes rows past the triggers."""
    with using.cursor() as cursor:
        cursor.execute(_RENEW[using.vendor])
        if not cursor.rowcount:
            cursor.execute(f"INSERT INTO {TABLE} (id, stamp) VALUES (1, {_NEW[using.vendor]})")  # noqa: S608 - our own


def renew_after_migrations() -> None:
    """At the end of every `migrate`, which lifts SQLite's triggers, and of `flush`; called once all apps are loaded."""
    with_models = [config for config in apps.get_app_configs() if config.models_module is not None]
    post_migrate.connect(_after, sender=with_models[-1], dispatch_uid="renew the stamp")


def _after(*, using: str, **kwargs: Any) -> None:
    renew_if_kept(connections[using])


def renew_if_kept(using: BaseDatabaseWrapper) -> None:
    """The same, also for a database from before there was a stamp."""
    if TABLE in using.introspection.table_names():
        renew(using)
