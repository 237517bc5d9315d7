from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate


class RecordsConfig(AppConfig):
    name = "portal.records"
    label = "records"

    def ready(self) -> None:
        from portal.records import chain

        chain.register()
        pre_migrate.connect(lift_guards, sender=self)
        post_migrate.connect(restore_guards, sender=self)


def _is_made(using: str) -> bool:
    from portal.records.models import Addendum

    with connections[using].cursor() as cursor:
        return Addendum._meta.db_table in connections[using].introspection.table_names(cursor)


def lift_guards(*, using: str, **kwargs: Any) -> None:
    """Makes way for migrations that rebuild a table, which only SQLite does (portal/records/guards.py)."""
    from portal.records import guards

    if connections[using].vendor == "sqlite":
        guards.take_down(connections[using])


def restore_guards(*, using: str, **kwargs: Any) -> None:
    from portal.records import guards

    if connections[using].vendor == "sqlite" and _is_made(using):
        guards.put_up(connections[using])
