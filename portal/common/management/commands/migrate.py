from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from portal.common import guards


class Command(migrate.Command):
    """Django's own; where a migration fails, what SQLite's tables are guarded by stands again."""

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            super().handle(*args, **options)
        except BaseException:
            guards.restore_after_failure(connections[options["database"]])
            raise
