from __future__ import annotations

from django.apps import AppConfig

from portal.common import guards


class RecordsConfig(AppConfig):
    name = "portal.records"
    label = "records"

    def ready(self) -> None:
        from portal.records import chain
        from portal.records.guards import RECORDS
        from portal.records.measure_guards import MEASURES
        from portal.records.report_guards import REPORTS

        guards.register(RECORDS, REPORTS, MEASURES)
        chain.register()
