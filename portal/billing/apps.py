from __future__ import annotations

from django.apps import AppConfig

from portal.common import guards, schedules


class BillingConfig(AppConfig):
    name = "portal.billing"
    label = "billing"

    def ready(self) -> None:
        from portal.billing.guards import ASSIGNMENTS, BOOKS, CLAIM_STEPS, CLAIMS, ITEMS, OVERRIDES, TAKINGS, WAIVERS
        from portal.billing.guards.medicares import MEDICARES
        from portal.billing.guards.referrals import REFERRALS_IN_USE

        guards.register(BOOKS, ASSIGNMENTS, CLAIMS, CLAIM_STEPS, ITEMS, OVERRIDES, TAKINGS, WAIVERS)
        guards.register(REFERRALS_IN_USE, MEDICARES)
        schedules.by_cron("40 3 * * *", "portal.billing.tasks.put_papers_away", name="put papers away")
        self._guard_what_is_paid_online()
        self._guard_closes()

    def _guard_what_is_paid_online(self) -> None:
        from portal.billing.guards import cards, dispatches, online, plans

        guards.register(*online.ALL, *cards.ALL, *dispatches.ALL, *plans.ALL)

    def _guard_closes(self) -> None:
        from portal.billing.guards.closes import CLOSED_PAYMENTS, CLOSES, SHARES

        guards.register(CLOSED_PAYMENTS, CLOSES, SHARES)
