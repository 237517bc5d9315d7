from django.apps import AppConfig


class CommonConfig(AppConfig):
    name = "portal.common"
    label = "common"

    def ready(self) -> None:
        from django.conf import settings

        from portal.common import catalogues, keys

        # Every process, the web server too, refuses to start on keys that it can't read.
        keys.ring()
        for folder in settings.LOCALE_PATHS:
            catalogues.compile_stale(folder)
