"""Pages of a long list that cost the same at its end as at its beginning.

A page begins after a row, or ends before one, and is named by that row: `after-INV-3F9A01BC`. The database steps to the
row in an index and reads on; nothing is skipped and nothing is counted, so a million rows turn like a hundred. The
index must be on the ordering field and the primary key, with the conditions that the list always has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet

AFTER, BEFORE = "after", "before"


_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class KeysetPage(Generic[_Row]):
    """Some rows of a list. `before` and `after` name the pages beside this one, empty where there is none."""

    rows: list[_Row]
    before: str = ""
    after: str = ""

    def __iter__(self) -> Iterator[_Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def has_other_pages(self) -> bool:
        """Whether there is a page before it or after it."""
        return bool(self.before or self.after)


def page_of(
    queryset: QuerySet[Any, _Row],
    *,
    order: str,
    page: str,
    size: int,
    marker: str,
    among: QuerySet[Any, Any] | None = None,
) -> KeysetPage[_Row]:
    """The page that `page` names, in the `order` of one field ("-issued_on"), rows of one value by their age.

    `marker` is the unique field that names a row, `among` the rows that may be named (those of `queryset` unless said).
    A name that can't be read, or of a row that isn't there, is the first page. At most three queries.
    """
    field, falling = order.lstrip("-"), order.startswith("-")
    direction, _, name = page.partition("-")
    named = None
    if direction in {AFTER, BEFORE} and name and "\x00" not in name:
        rows = queryset if among is None else among
        named = rows.order_by().filter(**{marker: name}).values_list(field, "pk").first()
    if named is not None:
        onward = direction == AFTER
        found = _walk(queryset, field, *named, rising=onward != falling, count=size + 1)
        more, found = len(found) > size, found[:size]
        if onward and found:
            return _page(found, marker, before=True, after=more)
        if not onward and more:
            return _page(found[::-1], marker, before=True, after=True)
        # Walked back to the beginning, or there is nothing after: the first page is what is meant.
    sign = "-" if falling else ""
    found = list(queryset.order_by(f"{sign}{field}", f"{sign}pk")[: size + 1])
    return _page(found[:size], marker, before=False, after=len(found) > size)


def _walk(queryset: QuerySet[Any, _Row], field: str, value: Any, pk: Any, *, rising: bool, count: int) -> list[_Row]:
    """The next rows from one on: first those with the same value, then the others. Each is one stretch of an index.

    As one condition with OR, the database would read every row of that value again on each page.
    """
    sign, beyond = ("", "gt") if rising else ("-", "lt")
    found = list(queryset.filter(**{field: value, f"pk__{beyond}": pk}).order_by(f"{sign}pk")[:count])
    if len(found) < count:
        others = queryset.filter(**{f"{field}__{beyond}": value}).order_by(f"{sign}{field}", f"{sign}pk")
        found += others[: count - len(found)]
    return found


def _page(rows: list[_Row], marker: str, *, before: bool, after: bool) -> KeysetPage[_Row]:
    return KeysetPage(
        rows,
        before=f"{BEFORE}-{getattr(rows[0], marker)}" if before and rows else "",
        after=f"{AFTER}-{getattr(rows[-1], marker)}" if after and rows else "",
    )
