from django.apps import AppConfig


class PatientsConfig(AppConfig):
    name = "portal.patients"
    label = "patients"

    def ready(self) -> None:
        from portal.patients import models

        models.CONSENT_GUARD.through_migrations(self)
