from django.apps import AppConfig


class JourneysConfig(AppConfig):
    name = "portal.journeys"
    label = "journeys"

    def ready(self) -> None:
        from portal.common import schedules
        from portal.journeys import freed, overdue
        from portal.notifications import last_look

        freed.register()
        for template in overdue.TEMPLATES.values():
            last_look.register(template, overdue.still_true)
        schedules.by_cron("50 3 * * *", "portal.journeys.together.put_away", name="put bulk prints away")
        schedules.every_minutes(1, "portal.journeys.to_do.tasks.look_at_notices", name="worklist: notices")
        schedules.every_minutes(1, "portal.journeys.to_do.tasks.look_at_people", name="worklist: people")
        schedules.every_minutes(1, "portal.journeys.session_reminders.tick", name="reminders of sessions")
        schedules.every_minutes(10, "portal.journeys.overdue.tick", name="payment reminders")
        schedules.every_minutes(1, "portal.journeys.waitlist.tasks.go_round", name="waitlist")
        schedules.every_minutes(1, "portal.journeys.to_do.tasks.look_at_requests", name="worklist: requests")
        schedules.every_minutes(5, "portal.journeys.online.tasks.go_round", name="paying online")
        schedules.by_cron("20 2 * * *", "portal.journeys.online.tasks.reconcile", name="compare with Stripe")
        schedules.every_minutes(15, "portal.journeys.to_do.tasks.look_at_sessions", name="worklist: sessions")
        schedules.every_minutes(30, "portal.journeys.to_do.tasks.look_at_reports", name="worklist: reports")
        schedules.every_minutes(1, "portal.journeys.to_do.tasks.look_at_alerts", name="worklist: answers")
        schedules.every_minutes(15, "portal.journeys.to_do.tasks.look_at_measures", name="forms before sessions")
