from __future__ import annotations

from django.apps import AppConfig

from portal.common import guards


class AppointmentsConfig(AppConfig):
    name = "portal.appointments"
    label = "appointments"

    def ready(self) -> None:
        from portal.appointments.guards import NO_OVERLAP

        guards.register(NO_OVERLAP)
