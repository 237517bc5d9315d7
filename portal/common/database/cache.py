"""Django's cache in the database, with one statement a write.

Django's own counts the whole table each time, to see whether it must be culled, then looks for the row, then writes it.
"""

from __future__ import annotations

import base64
import pickle
import random
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

from django.core.cache.backends import db
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.db import DatabaseError, connections, router, transaction
from django.utils import timezone

# Of so many writes one looks whether there are too many entries.
CULLED_AFTER = 100


class DatabaseCache(db.DatabaseCache):
    """Counts and culls at every hundredth write or so; between them it holds a few entries more than MAX_ENTRIES."""

    def _base_set(self, mode: str, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT) -> bool:
        if mode == "touch" or random.randrange(CULLED_AFTER) == 0:  # noqa: S311 - nobody gains from guessing it
            written: bool = super()._base_set(mode, key, value, timeout)  # type: ignore[misc]  # not in the stubs
            return written
        connection = connections[router.db_for_write(self.cache_model_class)]
        now, until = timezone.now().replace(microsecond=0), self.get_backend_timeout(timeout)
        expires = datetime.max if until is None else datetime.fromtimestamp(until, UTC)  # noqa: DTZ901 - as Django's
        encoded = base64.b64encode(pickle.dumps(value, self.pickle_protocol)).decode("latin1")
        table, adapt = connection.ops.quote_name(self._table), connection.ops.adapt_datetimefield_value  # type: ignore[attr-defined]
        params = [key, encoded, adapt(expires.replace(microsecond=0))]
        # What ran out is as good as gone.
        only = ""
        if mode == "add":
            only, params = f" WHERE {table}.expires < %s", [*params, adapt(now)]
        # One statement is a transaction of its own; within a caller's, a savepoint keeps theirs whole if it fails.
        safely = transaction.atomic(using=connection.alias) if connection.in_atomic_block else nullcontext()
        write = (
            f"INSERT INTO {table} (cache_key, value, expires) VALUES (%s, %s, %s) "  # noqa: S608 - our own table
            f"ON CONFLICT (cache_key) DO UPDATE SET value = excluded.value, expires = excluded.expires{only}"
        )
        with connection.cursor() as cursor:
            try:
                with safely:
                    cursor.execute(write, params)
            except DatabaseError:
                # Not kept, as with Django's own: a page isn't lost for what would have made the next one quicker.
                return False
            return bool(cursor.rowcount)
