"""Jobs that come round by the clock, declared in code beside what they do.

    schedules.every_minutes(1, "portal.notifications.tasks.sweep", name="notices")      # in an AppConfig's ready()

`ensure()` makes the queue's own table say the same. It runs after each migrate; the worker may run it at its start.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connections, transaction
from django.db.models.signals import post_migrate
from django.dispatch import receiver
from django.utils import timezone

PREFIX = "portal:"


@dataclass(frozen=True, slots=True)
class Job:
    """A function without arguments, by its dotted path, that runs every so many minutes or by a cron line."""

    path: str
    minutes: int | None = None
    cron: str | None = None


_jobs: dict[str, Job] = {}


def every_minutes(minutes: int, path: str, *, name: str) -> None:
    """Declares a job; the scheduler looks twice a minute, so one minute is the least that makes sense."""
    _jobs[name] = Job(path, minutes=minutes)


def by_cron(cron: str, path: str, *, name: str) -> None:
    """Declares a job by a cron line, read in settings.TIME_ZONE."""
    _jobs[name] = Job(path, cron=cron)


def declared() -> dict[str, Job]:
    """Every job that an app runs by the clock, by name."""
    return dict(_jobs)


@transaction.atomic
def ensure() -> None:
    """Writes one row for each declared job, and removes the rows of jobs that are declared no more."""
    # Imported late: apps declare their jobs while the queue's models are not loaded yet.
    from django_q.models import Schedule

    rows: dict[str, list[Any]] = {}
    for row in Schedule.objects.filter(name__startswith=PREFIX).order_by("pk"):
        rows.setdefault(str(row.name), []).append(row)
    for name, job in _jobs.items():
        wanted = {
            "func": job.path,
            "schedule_type": Schedule.CRON if job.cron else Schedule.MINUTES,
            "minutes": job.minutes,
            "cron": job.cron,
            "repeats": -1,
        }
        first, *doubles = rows.pop(PREFIX + name, [None])
        if first is None:
            Schedule.objects.create(name=PREFIX + name, next_run=timezone.now(), **wanted)
        elif any(getattr(first, field) != value for field, value in wanted.items()):
            Schedule.objects.filter(pk=first.pk).update(**wanted)
        # Names are not unique in that table: two processes that start at once can both write.
        Schedule.objects.filter(pk__in=[double.pk for double in doubles]).delete()
    Schedule.objects.filter(pk__in=[row.pk for gone in rows.values() for row in gone]).delete()


def catch_up(now: datetime) -> None:
    """Makes each job that is overdue due once, now: the worker runs this before the queue starts.

    The queue itself would step over every missed turn in one transaction: after months in which no worker ran, a
    minutely job keeps a whole SQLite database locked for a quarter of a minute.
    """
    from django_q.models import Schedule

    Schedule.objects.filter(next_run__lt=now).update(next_run=now)


@receiver(post_migrate, dispatch_uid="portal.common.schedules")
def _after_migrate(sender: Any, using: str, **kwargs: Any) -> None:
    # Sent for every app, also when only another one was migrated and this table is not there yet.
    if sender.label == "django_q" and "django_q_schedule" in connections[using].introspection.table_names():
        ensure()
