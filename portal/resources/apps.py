from __future__ import annotations

from django.apps import AppConfig

from portal.common import guards


class ResourcesConfig(AppConfig):
    name = "portal.resources"
    label = "resources"

    def ready(self) -> None:
        from portal.resources.guards import REVISIONS

        guards.register(REVISIONS)
