from __future__ import annotations

from django.apps import AppConfig

from portal.common import guards, schedules


class VideoConfig(AppConfig):
    name = "portal.video"
    label = "video"

    def ready(self) -> None:
        from portal.video.guards import ROOMS

        guards.register(ROOMS)
        schedules.every_minutes(1, "portal.video.tasks.end_rooms", name="video")
