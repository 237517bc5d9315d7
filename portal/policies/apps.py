from django.apps import AppConfig


class PoliciesConfig(AppConfig):
    name = "portal.policies"
    label = "policies"

    def ready(self) -> None:
        from portal.policies import models

        models.GUARD.through_migrations(self)
