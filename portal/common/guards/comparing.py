"""How what stands in a database differs from what should: by names and by bodies.

SQLite keeps the text of a trigger as it was written. PostgreSQL keeps its own form and writes that down in its own way,
which changes between versions; so each expected part is made once more on empty temporary tables, PostgreSQL writes
that down too, and the transaction is rolled back. Nothing is locked but for reading the tables' columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from django.db import DatabaseError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from portal.common.guards.parts import Constraint, Function, Guard, Part, Trigger

# What restoring writes beside functions and constraints, so that it knows its own when no guard asks for them any more.
MARK = "A guard of the portal."


class MayNotCompare(Exception):
    """PostgreSQL lets this user make no temporary tables; `cure` is the statement that lets it."""

    def __init__(self, *, database: str, user: str) -> None:
        super().__init__(f"The user {user} may not make temporary tables, by which the guards are compared")
        self.cure = f'GRANT TEMPORARY ON DATABASE "{database}" TO "{user}"'


class State(StrEnum):
    """How a part of a guard in the database differs from the one in the code."""

    MISSING = "missing"
    ALTERED = "altered"
    DISABLED = "disabled"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Difference:
    """`expected` is None for what is unknown; `drop` removes what stands under the name, where something does."""

    name: str
    state: State
    expected: Part | None
    drop: str


def parts_of(guards: Iterable[Guard], vendor: str) -> list[Part]:
    """Every part of the guards once, in the order in which they can be made: a function before what runs it.

    Raises ValueError where two parts have one name and are not the same; guards may share a function.
    """
    parts: dict[tuple[bool, str], Part] = {}
    for guard in guards:
        for part in guard.on(vendor):
            if parts.setdefault((isinstance(part, Function), part.name), part) != part:
                raise ValueError(f"two parts of the name {part.name}")
    return sorted(parts.values(), key=lambda part: not isinstance(part, Function))


def differences(connection: BaseDatabaseWrapper, guards: Iterable[Guard]) -> list[Difference]:
    """What must be made, made anew or dropped, in this order. Raises MayNotCompare."""
    parts = parts_of(guards, connection.vendor)
    tables = set(connection.introspection.django_table_names(include_views=False))
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            return list(_on_sqlite(cursor, parts, tables))
        return list(_on_postgresql(connection, cursor, parts, tables))


# ---- SQLite ---------------------------------------------------------------------------------------------------------


class StandingTrigger(NamedTuple):
    """A trigger that the database has: its table and the words that made it."""

    table: str
    create: str


def triggers_on_sqlite(cursor: CursorWrapper, tables: set[str]) -> dict[str, StandingTrigger]:
    """The triggers that stand on these tables, by name."""
    cursor.execute("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")
    return {name: StandingTrigger(table, sql) for name, table, sql in cursor.fetchall() if table in tables}


def _on_sqlite(cursor: CursorWrapper, parts: list[Part], tables: set[str]) -> Iterator[Difference]:
    standing = triggers_on_sqlite(cursor, tables)
    for part in parts:
        if part.name not in standing:
            yield Difference(part.name, State.MISSING, part, "")
        elif standing[part.name].create != part.create:
            yield Difference(part.name, State.ALTERED, part, f"DROP TRIGGER {part.name}")
    for name in standing.keys() - {part.name for part in parts}:
        yield Difference(name, State.UNKNOWN, None, f'DROP TRIGGER "{name}"')


# ---- PostgreSQL -----------------------------------------------------------------------------------------------------


class _Key(NamedTuple):
    """Within what a name is unique: its kind, and the table of a trigger or constraint or a function's arguments."""

    kind: type[Part]
    name: str
    of: str


class _Standing(NamedTuple):
    definition: str
    is_on: bool
    is_ours: bool


# The schema's name is left out of each, so that what stands compares with its twin in the temporary schema.
_TRIGGERS = """
    SELECT t.tgname, c.relname, t.tgenabled IN ('O', 'A'), c.relname = ANY(%(tables)s),
        replace(replace(pg_get_triggerdef(t.oid), ' ' || quote_ident(n.nspname) || '.', ' '), ' pg_temp.', ' ')
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT t.tgisinternal AND n.oid = %(schema)s
"""
_CONSTRAINTS = """
    SELECT k.conname, c.relname, true, obj_description(k.oid, 'pg_constraint') IS NOT DISTINCT FROM %(mark)s,
        pg_get_constraintdef(k.oid)
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
    WHERE k.contype IN ('c', 'x') AND k.connamespace = %(schema)s
"""
# Ours are those with the mark, and from before there was one, those that only triggers of our tables run.
_FUNCTIONS = """
    SELECT p.proname, oidvectortypes(p.proargtypes), true,
        obj_description(p.oid, 'pg_proc') IS NOT DISTINCT FROM %(mark)s
            OR (SELECT bool_and(c.relname = ANY(%(tables)s)) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                WHERE t.tgfoid = p.oid) IS TRUE,
        replace(replace(pg_get_functiondef(p.oid), ' ' || quote_ident(n.nspname) || '.', ' '), ' pg_temp.', ' ')
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.prokind = 'f' AND n.oid = %(schema)s AND p.prolang <> (SELECT oid FROM pg_language WHERE lanname = 'c')
"""


def _read(cursor: CursorWrapper, schema: int, tables: set[str]) -> dict[_Key, _Standing]:
    found = {}
    for kind, query in ((Function, _FUNCTIONS), (Trigger, _TRIGGERS), (Constraint, _CONSTRAINTS)):
        cursor.execute(query, {"schema": schema, "mark": MARK, "tables": list(tables)})
        for name, of, is_on, is_ours, definition in cursor.fetchall():
            found[_Key(kind, name, of)] = _Standing(definition, is_on, is_ours)
    return found


def _twins(connection: BaseDatabaseWrapper, parts: list[Part], tables: set[str]) -> dict[_Key, _Standing]:
    """How PostgreSQL writes down each part that can be made now: one that runs a missing function can't."""
    quote = connection.ops.quote_name
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_schema(), current_database(), current_user,"
            " has_database_privilege(current_database(), 'TEMPORARY')"
        )
        schema, database, user, may_compare = cursor.fetchone()
        if not may_compare:
            raise MayNotCompare(database=database, user=user)
        schema = quote(schema)
        used = {part.table for part in parts if not isinstance(part, Function)}
        made = [f"CREATE TEMPORARY TABLE {table} (LIKE {schema}.{table})" for table in sorted(used)]
        for part in parts:
            is_function = isinstance(part, Function)
            made.append(part.create.replace(part.name, f"pg_temp.{part.name}", 1) if is_function else part.create)
        for create in made:
            with suppress(DatabaseError), transaction.atomic(using=connection.alias):
                cursor.execute(create)
        cursor.execute("SELECT pg_my_temp_schema()")
        found = _read(cursor, cursor.fetchone()[0], tables)
        transaction.set_rollback(True, using=connection.alias)
    return found


def _drop(key: _Key) -> str:
    if key.kind is Function:
        return f'DROP FUNCTION "{key.name}"({key.of})'
    if key.kind is Trigger:
        return f'DROP TRIGGER "{key.name}" ON {key.of}'
    return f'ALTER TABLE {key.of} DROP CONSTRAINT "{key.name}"'


def _on_postgresql(
    connection: BaseDatabaseWrapper, cursor: CursorWrapper, parts: list[Part], tables: set[str]
) -> Iterator[Difference]:
    cursor.execute("SELECT oid FROM pg_namespace WHERE nspname = current_schema()")
    standing = _read(cursor, cursor.fetchone()[0], tables)
    twins = _twins(connection, parts, tables)
    functions = {key.name: key for key in twins if key.kind is Function}
    known = set()
    for part in parts:
        key = functions.get(part.name) if isinstance(part, Function) else _Key(type(part), part.name, part.table)
        name = f"{part.name}()" if isinstance(part, Function) else part.name
        if key is None or key not in standing:
            yield Difference(name, State.MISSING, part, "")
            continue
        known.add(key)
        if key not in twins or standing[key].definition != twins[key].definition:
            yield Difference(name, State.ALTERED, part, _drop(key))
        elif not standing[key].is_on:
            yield Difference(name, State.DISABLED, part, _drop(key))
    # Triggers first: a function goes when no trigger runs it any more.
    unknown = [key for key in standing if standing[key].is_ours and key not in known]
    for key in sorted(unknown, key=lambda key: key.kind is Function):
        name = f"{key.name}()" if key.kind is Function else key.name
        yield Difference(name, State.UNKNOWN, None, _drop(key))
