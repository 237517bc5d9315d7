from __future__ import annotations

from django.apps import AppConfig

from portal.common import guards


class VideoConfig(AppConfig):
    name = "portal.video"
    label = "video"

    def ready(self) -> None:
        from portal.video.guards import ROOMS

        guards.register(ROOMS)
