from django.apps import AppConfig


class ClinicConfig(AppConfig):
    name = "portal.clinic"
    label = "clinic"

    def ready(self) -> None:
        from portal.clinic.models import policies

        policies.GUARD.through_migrations(self)
