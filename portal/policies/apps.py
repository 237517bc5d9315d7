from __future__ import annotations

from django.apps import AppConfig

from portal.common import guards


class PoliciesConfig(AppConfig):
    name = "portal.policies"
    label = "policies"

    def ready(self) -> None:
        from portal.policies.guards import KEPT, POLICIES

        guards.register(POLICIES, KEPT)
