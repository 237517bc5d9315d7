import time

from django.apps import AppConfig
from django.conf import settings

from portal.common.database.postgresql.line import patience

# Seconds. django-q2 rests for ten after its database was away; people wait for their e-mails.
REST = 1.0


def rest(seconds: float) -> None:
    """Sleeps, but not for long."""
    time.sleep(min(seconds, REST))


class OpsConfig(AppConfig):
    name = "portal.ops"
    label = "ops"

    def ready(self) -> None:
        if settings.IN_WORKER:
            from django_q import pusher

            # No task asks for more; one that waits for ever on a dead line would hold up all others.
            patience.seconds = 15
            setattr(pusher, "sleep", rest)  # noqa: B010  it imports the name, and offers no setting
