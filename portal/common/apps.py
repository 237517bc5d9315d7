from django.apps import AppConfig


class CommonConfig(AppConfig):
    name = "portal.common"
    label = "common"

    def ready(self) -> None:
        from portal.common import keys

        # Every process, the web server too, refuses to start on keys that it can't read.
        keys.ring()
