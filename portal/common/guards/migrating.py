"""Guards through migrations: after every `migrate` the database holds exactly what is registered.

SQLite alters a table by copying it, which drops its triggers, and refuses the renaming while a trigger of another table
names it: there they are lifted before the first migration. PostgreSQL's stand through everything; a migration that must
change what they keep lifts them from the tables it names (`lifted`). No migration makes or drops a guard itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import DatabaseError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.models.signals import post_migrate, pre_migrate

from portal.common.guards import comparing
from portal.common.guards.comparing import MARK, Difference, StandingTrigger, State
from portal.common.guards.parts import Constraint, Function, Guard
from portal.common.guards.registry import registered

# Dropping a function takes the triggers with it that run it: the second round makes those again.
_ROUNDS = 2


class _Rebuilding:
    """What SQLite's tables lost at the start of a `migrate`, by the database's alias, in case a migration fails."""

    def __init__(self) -> None:
        self.lifted: dict[str, dict[str, StandingTrigger]] = {}


_rebuilding = _Rebuilding()


def watch_migrations() -> None:
    """Lifts before the first app's signal and restores after the last one's; called once all apps are loaded."""
    with_models = [config for config in apps.get_app_configs() if config.models_module is not None]
    pre_migrate.connect(_before, sender=with_models[0])
    post_migrate.connect(_after, sender=with_models[-1])


# `flush` sends the second signal too, without a plan: it changes no table.
def _before(*, using: str, plan: list[tuple[Migration, bool]] | None = None, **kwargs: Any) -> None:
    if plan and connections[using].vendor == "sqlite":
        _rebuilding.lifted[using] = _take_down_on_sqlite(connections[using], _tables(connections[using]))


def _after(*, using: str, plan: list[tuple[Migration, bool]] | None = None, **kwargs: Any) -> None:
    if plan is not None:
        restore(connections[using])
        _rebuilding.lifted.pop(using, None)


def restore_after_failure(connection: BaseDatabaseWrapper) -> bool:
    """Puts SQLite's triggers up again as they were when `migrate` began: a migration failed, the rows stay guarded.

    A table that a migration renamed before has its own under the new name, where they are what is registered. Answers
    whether any had been lifted.
    """
    lifted = _rebuilding.lifted.pop(connection.alias, {})
    if not lifted:
        return False
    _put_up_on_sqlite(connection, lifted)
    with connection.cursor() as cursor:
        for difference in comparing.differences(connection, _ready(connection)):
            if difference.state is State.MISSING and difference.expected is not None:
                cursor.execute(difference.expected.create)
    return True


def restore(connection: BaseDatabaseWrapper) -> list[str]:
    """Makes the database hold exactly the registered guards, and answers the names of those that it had to touch.

    Guards of tables whose migrations have not all been run wait until they have.
    """
    ready = _ready(connection)
    waiting = {
        part.name
        for part in comparing.parts_of((guard for guard in registered() if guard not in ready), connection.vendor)
    }
    touched: list[str] = []
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for _round in range(_ROUNDS):
            for difference in comparing.differences(connection, ready):
                if difference.state is State.UNKNOWN and difference.name.removesuffix("()") in waiting:
                    continue
                _mend(connection, cursor, difference)
                touched.append(difference.name)
        if connection.vendor == "postgresql":
            _mark(cursor, ready)
    return touched


def _mend(connection: BaseDatabaseWrapper, cursor: CursorWrapper, difference: Difference) -> None:
    expected = difference.expected
    if isinstance(expected, Function):
        try:
            with transaction.atomic(using=connection.alias):
                cursor.execute(expected.create)
        except DatabaseError:  # it returns something else now, which can't be replaced
            if not difference.drop:
                raise
            cursor.execute(f"{difference.drop} CASCADE")
            cursor.execute(expected.create)
        return
    if difference.drop:
        cursor.execute(difference.drop)
    if expected is not None:
        cursor.execute(expected.create)


def _mark(cursor: CursorWrapper, guards: list[Guard]) -> None:
    for part in comparing.parts_of(guards, "postgresql"):
        if isinstance(part, Function):
            cursor.execute(f"COMMENT ON FUNCTION {part.name} IS '{MARK}'")
        elif isinstance(part, Constraint):
            cursor.execute(f"COMMENT ON CONSTRAINT {part.name} ON {part.table} IS '{MARK}'")


def _ready(connection: BaseDatabaseWrapper) -> list[Guard]:
    executor = MigrationExecutor(connection)
    pending = {migration.app_label for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())}
    made = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label not in pending
    }
    return [guard for guard in registered() if guard.tables(connection.vendor) <= made]


@contextmanager
def lifted(connection: BaseDatabaseWrapper, *tables: str) -> Iterator[None]:
    """Lets a migration change rows of these tables that triggers keep as they are; within a transaction.

    On PostgreSQL it locks the tables until the transaction ends.
    """
    if connection.vendor == "sqlite":
        taken = _take_down_on_sqlite(connection, set(tables))
        yield
        _put_up_on_sqlite(connection, taken)
        return
    with connection.cursor() as cursor:
        # A table can't be altered while deferred checks of its rows wait.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _tables(connection: BaseDatabaseWrapper) -> set[str]:
    return set(connection.introspection.django_table_names(only_existing=True, include_views=False))


def _take_down_on_sqlite(connection: BaseDatabaseWrapper, tables: set[str]) -> dict[str, StandingTrigger]:
    with connection.cursor() as cursor:
        standing = comparing.triggers_on_sqlite(cursor, tables)
        for name in standing:
            cursor.execute(f'DROP TRIGGER "{name}"')
    return standing


def _put_up_on_sqlite(connection: BaseDatabaseWrapper, triggers: dict[str, StandingTrigger]) -> None:
    tables = _tables(connection)
    with connection.cursor() as cursor:
        standing = comparing.triggers_on_sqlite(cursor, tables)
        for name, trigger in triggers.items():
            if name not in standing and trigger.table in tables:
                cursor.execute(trigger.create)
