from __future__ import annotations

from django.apps import AppConfig

from portal.common import guards


class BillingConfig(AppConfig):
    name = "portal.billing"
    label = "billing"

    def ready(self) -> None:
        from portal.billing.guards import BOOKS

        guards.register(BOOKS)
