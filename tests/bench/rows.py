"""Writes a great many rows at once: COPY on PostgreSQL, executemany on SQLite. Only Python's objects are skipped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Max, Model

from portal.appointments.models import Appointment
from portal.billing.guards import BOOKS
from portal.billing.models import Allocation, Invoice, Line, Payment
from portal.common import guards


def next_id(model: type[Model]) -> int:
    return (model._default_manager.aggregate(last=Max("pk"))["last"] or 0) + 1


def code(random: Random) -> str:
    """A UUID, as either engine takes it."""
    return f"{random.getrandbits(128):032x}"


def write(model: type[Model], fields: Sequence[str], rows: Iterable[Sequence[Any]], **same: Any) -> None:
    """Writes rows of `fields` (attribute names); every other column is as in `same`, or as a new object has it.

    Values are as the database takes them: dates and times in UTC as text, money as text.
    """
    blank, meta = model(**same), model._meta
    columns = {field.attname: field for field in meta.concrete_fields}
    constant = [name for name in columns if name not in fields and name != meta.pk.attname]
    values = tuple(columns[name].get_db_prep_save(getattr(blank, name), connection) for name in constant)
    quoted = ", ".join(connection.ops.quote_name(columns[name].column) for name in (*fields, *constant))
    table = connection.ops.quote_name(meta.db_table)
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({quoted}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row((*row, *values))
        else:
            places = ", ".join(["%s"] * (len(fields) + len(constant)))
            cursor.executemany(f"INSERT INTO {table} ({quoted}) VALUES ({places})", ((*r, *values) for r in rows))
        for statement in connection.ops.sequence_reset_sql(no_style(), [model]):
            cursor.execute(statement)


def in_a_hurry() -> None:
    """Gives this connection room to write, and no fear of a power cut: nobody misses these rows."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET synchronous_commit = off")
            # Indexes are sorted, and rows compared with what they point at, in memory and not in files.
            cursor.execute("SET maintenance_work_mem = '512MB'")
            cursor.execute("SET work_mem = '256MB'")
        else:
            cursor.execute("PRAGMA synchronous=OFF")
            cursor.execute("PRAGMA cache_size=-1000000")


FILLED = (Appointment, Invoice, Line, Payment, Allocation)


class BooksOpen:
    """Lets sessions and invoices in as they stand years later, with all their money.

    The guards know only one step at a time, and a million rows are sorted into an index faster than one by one: so
    triggers and plain indexes are lifted, and put back at the end. Then the books are added up and every row has to
    point at one that is there: what went in could have come the long way. Checks and unique constraints stay.
    """

    def __enter__(self) -> None:
        self.tables = [model._meta.db_table for model in FILLED]
        with connection.cursor() as cursor:
            self._postgres(cursor) if connection.vendor == "postgresql" else self._sqlite(cursor)
            for statement in self.lift:
                cursor.execute(statement)

    def _sqlite(self, cursor: Any) -> None:
        places = ", ".join(["%s"] * len(self.tables))
        cursor.execute(
            f"SELECT type, name, sql FROM sqlite_master WHERE type IN ('trigger', 'index') AND sql IS NOT NULL "
            f"AND tbl_name IN ({places}) ORDER BY rowid",
            self.tables,
        )
        found = cursor.fetchall()
        self.lift = ["PRAGMA foreign_keys=OFF", *(f'DROP {kind} "{name}"' for kind, name, _ in found)]
        self.put_back = [*(sql for _, _, sql in found), "PRAGMA foreign_keys=ON"]

    def _postgres(self, cursor: Any) -> None:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes i WHERE schemaname = current_schema() AND tablename = ANY(%s) "
            "AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = i.indexname::regclass) "
            "AND indexdef NOT LIKE 'CREATE UNIQUE%%'",
            [self.tables],
        )
        found = cursor.fetchall()
        self.lift = [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in self.tables]
        self.lift += [f'DROP INDEX "{name}"' for name, _ in found]
        self.put_back = [*(f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in self.tables)]
        self.put_back += [definition for _, definition in found]
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if cursor.fetchone()[0]:
            # Looking up what each row points at costs more than the rows; only a superuser may put it off.
            self.lift.append("SET session_replication_role = replica")
            self.put_back.insert(0, "SET session_replication_role = origin")

    def __exit__(self, *failed: object) -> None:
        with connection.cursor() as cursor:
            for statement in self.put_back:
                cursor.execute(statement, params=None)
        if failed == (None, None, None) and (wrong := guards.problem(connection, BOOKS) or _first_wrong()):
            raise AssertionError(wrong)


def _first_wrong() -> str:
    return _first_wrong_sum() or _first_loose_end()


def _first_loose_end() -> str:
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        for model in FILLED:
            for field in (one for one in model._meta.concrete_fields if one.remote_field):
                ours, theirs = quote(model._meta.db_table), quote(field.target_field.model._meta.db_table)
                column, target = quote(field.column), quote(field.target_field.column)
                cursor.execute(
                    f"SELECT 1 FROM {ours} a LEFT JOIN {theirs} b ON b.{target} = a.{column} "
                    f"WHERE a.{column} IS NOT NULL AND b.{target} IS NULL LIMIT 1"
                )
                if cursor.fetchone():
                    return f"{model.__name__}.{field.name} points at nothing"
    return ""


def _first_wrong_sum() -> str:
    lines = (
        "SELECT invoice_id, SUM(total) AS total, SUM(gst) AS gst, SUM(benefit) AS benefit FROM billing_line GROUP BY 1"
    )
    money = "SELECT invoice_id, SUM(amount) AS paid FROM billing_allocation GROUP BY 1"
    wrong = {
        "the lines of {} invoices don't add up": (
            f"SELECT COUNT(*) FROM billing_invoice i LEFT JOIN ({lines}) l ON l.invoice_id = i.id "
            "WHERE l.total IS NULL OR l.total <> i.total OR l.gst <> i.gst OR l.benefit <> i.rebate"
        ),
        "{} invoices are paid by other than their allocations": (
            f"SELECT COUNT(*) FROM billing_invoice i LEFT JOIN ({money}) m ON m.invoice_id = i.id "
            "WHERE i.paid <> COALESCE(m.paid, 0)"
        ),
        "{} invoices are payable by other than their total": (
            "SELECT COUNT(*) FROM billing_invoice WHERE payable <> total"
        ),
        "{} payments are not allocated": (
            "SELECT COUNT(*) FROM billing_payment p LEFT JOIN billing_allocation a ON a.payment_id = p.id "
            "WHERE a.amount IS NULL OR a.amount <> p.amount"
        ),
    }
    with connection.cursor() as cursor:
        for words, sql in wrong.items():
            cursor.execute(sql)
            if count := cursor.fetchone()[0]:
                return words.format(count)
    return ""


def settle() -> None:
    """Does what the database does by itself in a quiet hour: counts its rows, and marks what all may see."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM (ANALYZE)")
        else:
            cursor.execute("ANALYZE")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def in_chunks(numbers: Iterable[int], size: int) -> Iterable[list[int]]:
    chunk: list[int] = []
    for number in numbers:
        chunk.append(number)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
