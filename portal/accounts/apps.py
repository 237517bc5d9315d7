from django.apps import AppConfig

from portal.common import schedules


class AccountsConfig(AppConfig):
    name = "portal.accounts"
    label = "accounts"

    def ready(self) -> None:
        from portal.accounts import receivers  # noqa: F401

        schedules.every_minutes(30, "portal.accounts.tasks.forget_old_forms", name="kept forms")
        schedules.every_minutes(1, "portal.accounts.tasks.tell_owners", name="sign-ins slowed down")
