from __future__ import annotations

from django.apps import AppConfig

from portal.common import guards


class MessagingConfig(AppConfig):
    name = "portal.messaging"
    label = "messaging"

    def ready(self) -> None:
        from portal.messaging.guards import ATTACHMENTS, MESSAGES, THREADS

        for guard in (THREADS, MESSAGES, ATTACHMENTS):
            guards.register(guard)
