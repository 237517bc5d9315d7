"""Whole numbers of any length may be asked for: no row has one that no column can hold.

PostgreSQL compares with them as with any other. SQLite's driver refuses to hand them on, with an OverflowError: what
twenty digits in a form or an address came to was an error page. Django sees to `pk=` itself, not to `pk__in=`, nor to
what stands behind a relation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

LEAST, MOST = -(2**63), 2**63 - 1


def watch(*, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Called for each new connection."""
    if connection.vendor == "sqlite" and within_reach not in connection.execute_wrappers:
        connection.execute_wrappers.append(within_reach)


def within_reach(
    execute: Callable[..., Any], sql: str, params: Sequence[Any] | None, many: bool, context: dict[str, Any]
) -> Any:
    """Asks again by the nearest number that the driver knows, which no row has either. Nothing is written so."""
    try:
        return execute(sql, params, many, context)
    except OverflowError:
        if many or params is None or not sql.lstrip("( ").startswith("SELECT"):
            raise
        nearest = [min(max(one, LEAST), MOST) if isinstance(one, int) else one for one in params]
        return execute(sql, nearest, many, context)
