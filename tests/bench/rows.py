"""Writes a great many rows at once: COPY on PostgreSQL, executemany on SQLite. Only Python's objects are skipped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Max, Model

from portal.billing import guards


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


class BooksOpen:
    """Lets invoices in as they stand years later, with all their money: the guards know only one step at a time.

    Every constraint stays. Leaving puts the guards back, and adds the books up to see that they would have let it in.
    """

    def __enter__(self) -> None:
        guards.take_down(connection)

    def __exit__(self, *failed: object) -> None:
        guards.put_up(connection)
        if failed == (None, None, None):
            problem = guards.problem(connection) or _first_wrong_sum()
            if problem:
                raise AssertionError(problem)


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
