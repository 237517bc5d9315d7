"""Two who meet in the database: what one does is done when the other is kept waiting."""

import threading
import time

from django.db import connection

LONGEST = 20


def until_it_waits(thread: threading.Thread) -> None:
    """Until a lock keeps the thread waiting, or it has gone through without. PostgreSQL alone can tell."""
    until = time.monotonic() + LONGEST
    with connection.cursor() as cursor:
        while thread.is_alive() and time.monotonic() < until:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
            time.sleep(0.02)
