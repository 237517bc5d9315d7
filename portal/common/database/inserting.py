"""A new row, unless there is one like it."""

from __future__ import annotations

from django.db import connections, models, router
from django.db.models.constants import OnConflict
from django.db.models.sql.compiler import SQLInsertCompiler
from django.db.models.sql.subqueries import InsertQuery


def insert_or_ignore(row: models.Model) -> bool:
    """Writes a new row in one statement, with its primary key; False where another has what must be unique.

    As `bulk_create(ignore_conflicts=True)`, which doesn't say whether it wrote, nor which key the row has.
    """
    model, using = type(row), router.db_for_write(type(row), instance=row)
    key = model._meta.pk
    query = InsertQuery(model, on_conflict=OnConflict.IGNORE)
    query.insert_values([field for field in model._meta.concrete_fields if field is not key], [row])
    compiler = SQLInsertCompiler(query, connections[using], using)
    (written,) = compiler.execute_sql(returning_fields=[key])  # type: ignore[list-item]  # the stubs ask for names
    if written is None:
        return False
    row.pk, row._state.adding, row._state.db = written[0], False, using
    return True
