from types import ModuleType

from django.apps import AppConfig


class CommonConfig(AppConfig):
    name = "portal.common"
    label = "common"

    def __init__(self, app_name: str, app_module: ModuleType) -> None:
        super().__init__(app_name, app_module)
        from django.conf import settings

        from portal.common.languages import catalogues

        # Before any app's models are imported: they may speak English, and what it says is read once.
        for folder in settings.LOCALE_PATHS:
            catalogues.compile_stale(folder)

    def ready(self) -> None:
        from django.conf import settings
        from django.db.backends.signals import connection_created

        from portal.common import guards, kept, schedules
        from portal.common.crypto import keys, opening
        from portal.common.database import integers

        # Every process, the web server too, refuses to start on keys that it can't read.
        keys.ring()
        opening.register()
        schedules.every_minutes(30, "portal.common.media.pending_uploads.sweep", name="waiting")
        schedules.every_minutes(60, "portal.common.web.once.sweep", name="presses")
        guards.watch_migrations()
        kept.renew_after_migrations()
        connection_created.connect(kept.listen)
        connection_created.connect(integers.watch)
        if settings.ON_POSTGRES:
            from portal.common.database import timestamps

            timestamps.read_quickly()
