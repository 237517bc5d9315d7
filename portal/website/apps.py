from __future__ import annotations

from django.apps import AppConfig

from portal.common import guards


class WebsiteConfig(AppConfig):
    name = "portal.website"
    label = "website"

    def ready(self) -> None:
        from portal.website.guards import KEPT

        guards.register(KEPT)
