from __future__ import annotations

from django.apps import AppConfig

from portal.common import guards


class ClinicConfig(AppConfig):
    name = "portal.clinic"
    label = "clinic"

    def ready(self) -> None:
        from portal.clinic.guards import KEPT

        guards.register(KEPT)
