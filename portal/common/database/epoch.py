"""Moments as whole seconds since 1970, counted by the database: numbers cost a twentieth of what times cost to read."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigIntegerField, Func
from django.db.models.sql.compiler import SQLCompiler


class Epoch(Func):
    """The seconds since 1970 of a time on a whole second; what is less than one is lost."""

    template = "EXTRACT(EPOCH FROM %(expressions)s)::bigint"
    output_field = BigIntegerField()

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, tuple[Any, ...]]:
        template = "CAST(strftime('%%%%s', %(expressions)s) AS INTEGER)"
        sql, params = self.as_sql(compiler, connection, template=template, **context)
        return sql, tuple(params)

    def get_db_converters(self, connection: BaseDatabaseWrapper) -> list[Any]:
        """None: both databases give whole numbers, of which a page reads thousands."""
        return []
