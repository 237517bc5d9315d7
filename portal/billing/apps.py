from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate


class BillingConfig(AppConfig):
    name = "portal.billing"
    label = "billing"

    def ready(self) -> None:
        pre_migrate.connect(lift_guards, sender=self)
        post_migrate.connect(restore_guards, sender=self)


def lift_guards(*, using: str, **kwargs: Any) -> None:
    """Makes way for migrations that rebuild a table, which only SQLite does (portal/billing/guards.py)."""
    from portal.billing import guards

    if connections[using].vendor == "sqlite":
        guards.take_down(connections[using])


def restore_guards(*, using: str, **kwargs: Any) -> None:
    from portal.billing import guards

    connection = connections[using]
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
    if {guards.INVOICE, guards.LINE, guards.PAYMENT, guards.ALLOCATION} <= tables:
        guards.put_up(connection)
