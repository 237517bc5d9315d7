"""Whether the database is there: what one connection waits for, and what a process knows of an outage.

A server that stops closes its connections, and everybody knows. A line that is cut says nothing: the kernel's own
clocks (`tcp_user_timeout`, keepalives) notice it where packets are lost, but not behind a proxy that still takes them.
So whoever has waited a while asks the server for a sign of life on a line of its own.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any, TypeVar

import psycopg
from django.db import InterfaceError, OperationalError
from psycopg import errors
from psycopg.abc import PQGen

logger = logging.getLogger(__name__)
RV = TypeVar("RV")

# Seconds. Nearly every statement is answered in a hundredth of the first.
SILENCE, ON_ITS_WAY, STILL_THERE, TRY_AGAIN = 1.5, 0.3, 1.5, 0.5


class _Patience:
    """How long a statement may take, in seconds; None: as long as the server is there, which a migration needs."""

    seconds: float | None = None


patience = _Patience()


class Connection(psycopg.Connection[Any]):
    """A connection whose statements end in OperationalError when nobody is at the other end any more."""

    _checking = False

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        began, heard_of = monotonic(), True
        while True:
            try:
                # An answer may be on its way while the server says that it has none to give: it gets a moment more.
                quiet = STILL_THERE if self._checking else SILENCE if heard_of else ON_ITS_WAY
                return super().wait(gen, interval, quiet)
            except errors._WaitTimeout:
                out_of_patience = patience.seconds is not None and monotonic() - began > patience.seconds
                if self._checking or out_of_patience or not heard_of or not self._server_is_there():
                    self.pgconn.finish()
                    raise psycopg.OperationalError("the database does not answer") from None
                heard_of = self._server_knows_of_it()

    def _server_is_there(self) -> bool:
        """Asks on a line of its own, and keeps what it hears of this one: a server can be well, and this line dead."""
        self._state = None
        try:
            other = Connection.connect(self.info.dsn, password=self.info.password, connect_timeout=2, autocommit=True)
        except psycopg.OperationalError as problem:
            # One that has no room for another line is there.
            return problem.sqlstate == "53300"
        try:
            asked = "SELECT state FROM pg_stat_activity WHERE pid = %s"
            row = other.execute(asked, [self.info.backend_pid]).fetchone()
        except psycopg.Error:
            return False
        finally:
            other.close()
        self._state = row[0] if row else None
        return True

    _state: str | None = None

    def _server_knows_of_it(self) -> bool:
        """Whether it still works on what was asked; a pooler in between has lines of other names, and knows of none."""
        return self._state is None or not self._state.startswith("idle")

    def execute(self, *args: Any, **kwargs: Any) -> psycopg.Cursor[Any]:
        """Asked by the pool, which wants to know whether this line still stands, and by `wait`: at once, or never."""
        self._checking = True
        try:
            return super().execute(*args, **kwargs)
        finally:
            self._checking = False


def is_outage(problem: BaseException | None) -> bool:
    """Whether this error says that the database could not be reached, and not that it refused something."""
    seen = 0
    while problem is not None and seen < 5:
        if isinstance(problem, psycopg.OperationalError):
            state = problem.sqlstate or ""
            return not state or state.startswith("08") or state in {"57P01", "57P02", "57P03", "53300"}
        if isinstance(problem, psycopg.InterfaceError):
            return True
        if not isinstance(problem, (OperationalError, InterfaceError)):
            return False
        problem, seen = problem.__cause__ or problem.__context__, seen + 1
    return False


class Line:
    """What this process knows of its line: down from the first request that finds nobody, until one is answered.

    While it is down nobody waits: one request at a time tries, twice a second, and all others are told at once.
    """

    def __init__(self) -> None:
        self._trying = threading.Lock()
        self._down = False
        self._next_try = 0.0

    def fell(self) -> None:
        """Somebody found nobody at the other end."""
        if not self._down:
            logger.error("The database can't be reached. Requests are answered 503 until it is back.")
        self._down, self._next_try = True, monotonic() + TRY_AGAIN

    def is_up(self, connect: Callable[[], object]) -> bool:
        """Whether requests may go on. `connect` tries, in bounded time, and raises what the driver raises."""
        if not self._down:
            return True
        if monotonic() < self._next_try or not self._trying.acquire(blocking=False):
            return False
        try:
            if not self._down:
                return True
            connect()
        except psycopg.Error:
            self._next_try = monotonic() + TRY_AGAIN
            return False
        else:
            self._down = False
            logger.error("The database is back.")
            return True
        finally:
            self._trying.release()


line = Line()
