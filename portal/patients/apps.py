from __future__ import annotations

from django.apps import AppConfig

from portal.common import guards


class PatientsConfig(AppConfig):
    name = "portal.patients"
    label = "patients"

    def ready(self) -> None:
        from portal.patients import receivers  # noqa: F401
        from portal.patients.guards import CHANNEL_CONSENTS, CONSENTS, OPEN_CHANNELS

        for guard in (CONSENTS, CHANNEL_CONSENTS, OPEN_CHANNELS):
            guards.register(guard)
