from __future__ import annotations

from django.apps import AppConfig

from portal.common import guards, schedules


class AuditConfig(AppConfig):
    name = "portal.audit"
    label = "audit"

    def ready(self) -> None:
        from portal.audit import chains, sealing
        from portal.audit.guards import TRAIL

        guards.register(TRAIL)
        chains.register("trail", sealing.verify)
        schedules.every_minutes(1, "portal.audit.tasks.seal", name="trail")
