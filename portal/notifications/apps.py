from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "portal.notifications"
    label = "notifications"

    def ready(self) -> None:
        from portal.common import guards, schedules
        from portal.notifications import checks  # noqa: F401
        from portal.notifications.guards import INBOUND, KEPT, WORDINGS

        guards.register(INBOUND, WORDINGS, KEPT)

        schedules.every_minutes(1, "portal.notifications.tasks.sweep", name="notices")
