from __future__ import annotations

from django.apps import AppConfig

from portal.common import guards, schedules


class AppointmentsConfig(AppConfig):
    name = "portal.appointments"
    label = "appointments"

    def ready(self) -> None:
        from portal.appointments.guards import KEPT, NO_OVERLAP, OF_ONE_SERIES, WAITLIST

        guards.register(NO_OVERLAP, OF_ONE_SERIES, WAITLIST, KEPT)
        schedules.every_minutes(1, "portal.appointments.tasks.clear_holds", name="holds")
        schedules.every_minutes(60, "portal.appointments.tasks.end_lapsed_feeds", name="calendar feeds")
        schedules.every_minutes(1, "portal.appointments.tasks.read_outside_calendars", name="outside calendars")
