from __future__ import annotations

from django.apps import AppConfig


class ResourcesConfig(AppConfig):
    name = "portal.resources"
    label = "resources"

    def ready(self) -> None:
        from portal.resources.models import posts

        posts.REVISION_GUARD.through_migrations(self)
