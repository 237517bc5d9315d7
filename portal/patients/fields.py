from __future__ import annotations

from typing import Any

from django.db import models


class ByteOrderedCharField(models.CharField):
    """Text that the database orders by its bytes, so that a plain index answers a prefix as a range.

    SQLite orders so by itself. PostgreSQL needs the collation "C": in any other, neither LIKE nor a range of prefixes
    can use a plain index.
    """

    def db_parameters(self, connection: Any) -> dict[str, Any]:
        parameters = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters
