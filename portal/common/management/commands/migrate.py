from __future__ import annotations

from typing import Any

from django.core.management import CommandError
from django.core.management.commands import migrate
from django.db import connections

from portal.common import guards, kept


class Command(migrate.Command):
    """Django's own; where a migration fails, what SQLite's triggers guard and tell stands again."""

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            super().handle(*args, **options)
        except guards.MayNotCompare as error:
            raise CommandError(f"{error}. Then run this again: {error.cure};") from error
        except BaseException:
            connection = connections[options["database"]]
            if guards.restore_after_failure(connection):
                kept.renew_if_kept(connection)
            raise
