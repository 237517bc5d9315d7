"""Taking turns about something that has no row to lock yet."""

from __future__ import annotations

from hashlib import blake2b

from django.db import connection


def take_turn(what: str) -> None:
    """Waits until nobody else has this turn, and holds it until the transaction ends.

    On SQLite the transaction itself is the turn, as it begins IMMEDIATE. PostgreSQL keeps a number of it in memory.
    """
    if connection.vendor != "postgresql":
        return
    number = int.from_bytes(blake2b(what.encode(), digest_size=8).digest(), signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
