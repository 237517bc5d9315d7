from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "portal.audit"
    label = "audit"

    def ready(self) -> None:
        from portal.audit import chains, sealing
        from portal.common import schedules

        chains.register("trail", sealing.verify)
        schedules.every_minutes(1, "portal.audit.tasks.seal", name="trail")
