"""The backend itself: it opens connections of our kind, in the pool and without one."""

from __future__ import annotations

from typing import Any

import psycopg
from django.db.backends.postgresql import base

from portal.common.database.postgresql.line import Connection

# Seconds, but for the last, which is in milliseconds. What DATABASE_URL says of them goes before.
CLOCKS = {
    "connect_timeout": 2,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 5000,
}
# A pool left to itself waits half a minute for a connection, and tries ever more rarely for one.
POOL = {"timeout": 3, "reconnect_timeout": 2, "connection_class": Connection}


class _Driver:
    """psycopg, whose connections are ours."""

    connect = Connection.connect

    def __getattr__(self, name: str) -> Any:
        return getattr(psycopg, name)


class DatabaseWrapper(base.DatabaseWrapper):
    Database: Any = _Driver()

    def __init__(self, settings_dict: dict[str, Any], alias: str = "default") -> None:
        super().__init__(settings_dict, alias)
        options = CLOCKS | self.settings_dict["OPTIONS"]
        if pool := options.get("pool"):
            options["pool"] = POOL | pool
        self.settings_dict["OPTIONS"] = options

    def try_to_reach(self) -> None:
        """Connects once, apart from the pool, and then has the pool forget what stood before. Raises psycopg.Error."""
        Connection.connect(**self.get_connection_params(), autocommit=True).close()
        self.forget_lines()

    def forget_lines(self) -> None:
        """Connections that lie in the pool since before an outage look whole, and are not."""
        if self.pool is not None and not self.pool.closed:
            self.pool.drain()
