"""What somebody does who owns the database: changes rows behind its triggers."""

from contextlib import contextmanager

from portal.common import guards


@contextmanager
def lifted(connection, *tables):
    """On PostgreSQL all of this connection's, on SQLite those of the tables, or of all."""
    if connection.vendor == "sqlite":
        with guards.lifted(connection, *(tables or connection.introspection.table_names())):
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        yield
        cursor.execute("SET session_replication_role = DEFAULT")


def standing(connection):
    """The names of all triggers that the database has."""
    of = {"sqlite": "name FROM sqlite_master WHERE type = 'trigger'", "postgresql": "tgname FROM pg_trigger"}
    only = " WHERE NOT tgisinternal" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {of[connection.vendor]}{only}")
        return {name for (name,) in cursor.fetchall()}
