"""Moments and codes as the words of a file, written by the database: text costs a tenth of what is made of it here."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField, Func
from django.db.models.sql.compiler import SQLCompiler


class _Written(Func):
    output_field = CharField()
    on_sqlite = ""

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, tuple[Any, ...]]:
        sql, params = self.as_sql(compiler, connection, template=self.on_sqlite, **context)
        return sql, tuple(params)


class WrittenUtc(_Written):
    """A moment in UTC as calendars write it, such as 20261130T220000Z; what is less than a second is lost."""

    template = """to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISS"Z"')"""
    on_sqlite = "strftime('%%%%Y%%%%m%%%%dT%%%%H%%%%M%%%%SZ', %(expressions)s)"


class WrittenCode(_Written):
    """A UUID in its usual form, with hyphens."""

    template = "(%(expressions)s)::text"
    on_sqlite = " || '-' || ".join(
        f"substr(%(expressions)s, {first}, {length})" for first, length in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
    )
