"""PostgreSQL's times read by `datetime` itself.

Django puts a class of its own before psycopg's reader of times, and so the slow one in Python is used even where
psycopg is compiled: twelve microseconds a time against one. A page of a hundred and sixty sessions reads five hundred.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.db.backends.postgresql.psycopg_any import get_adapters_template
from psycopg.abc import Buffer
from psycopg.types.datetime import TimestamptzLoader


class QuickTimes(TimestamptzLoader):
    """Reads `2026-11-28 21:00:00+00`; what `datetime` can't read is left to psycopg, which says why."""

    # Django looks whether a connection's reader is of the right zone.
    timezone = UTC

    def load(self, data: Buffer) -> datetime:
        try:
            read = datetime.fromisoformat(bytes(data).decode())
        except ValueError:
            return super().load(data)
        return read if read.tzinfo is UTC else read.astimezone(UTC)


def read_quickly() -> None:
    """Puts it into what every connection of Django starts with; called once, before the first of them."""
    get_adapters_template(True, UTC).register_loader("timestamptz", QuickTimes)
