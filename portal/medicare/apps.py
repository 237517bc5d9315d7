from __future__ import annotations

from django.apps import AppConfig

from portal.common import guards


class MedicareConfig(AppConfig):
    name = "portal.medicare"
    label = "medicare"

    def ready(self) -> None:
        from portal.medicare.guards import CHECKS, HISTORY_OF_REFERRERS, KEPT, LETTERS, REFERRALS, REGISTER

        guards.register(KEPT, REFERRALS, HISTORY_OF_REFERRERS, REGISTER, CHECKS, LETTERS)
