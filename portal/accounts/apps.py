from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "portal.accounts"
    label = "accounts"

    def ready(self) -> None:
        from importlib.util import find_spec

        if find_spec("portal.notifications.outbox"):
            from portal.accounts import receivers  # noqa: F401
