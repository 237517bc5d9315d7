from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Combinable

if TYPE_CHECKING:
    _CharField = models.CharField[str | int | Combinable, str]
else:
    _CharField = models.CharField


class ByteOrderedCharField(_CharField):
    """Text that the database orders by its bytes, so that a plain index answers a prefix as a range.

    SQLite orders so by itself. PostgreSQL needs the collation "C": in any other, neither LIKE nor a range of prefixes
    can use a plain index.
    """

    def db_parameters(self, connection: BaseDatabaseWrapper) -> dict[str, Any]:
        parameters = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters
