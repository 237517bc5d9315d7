from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import Schedule

from portal.common import schedules


@pytest.fixture
def jobs(db, monkeypatch):
    monkeypatch.setattr(schedules, "_jobs", {})
    Schedule.objects.all().delete()


def rows():
    return list(
        Schedule.objects.order_by("name").values_list("name", "func", "schedule_type", "minutes", "cron", "repeats")
    )


def test_ensure_writes_each_job_once(jobs):
    schedules.every_minutes(5, "portal.jobs.sweep", name="sweep")
    schedules.by_cron("0 3 * * *", "portal.jobs.tidy", name="tidy")
    for _ in range(2):
        schedules.ensure()
        assert rows() == [
            ("portal:sweep", "portal.jobs.sweep", "I", 5, None, -1),
            ("portal:tidy", "portal.jobs.tidy", "C", None, "0 3 * * *", -1),
        ]
    assert Schedule.objects.get(minutes=5).next_run <= timezone.now() < Schedule.objects.get(minutes=None).next_run


def test_ensure_follows_a_change_and_keeps_the_next_run(jobs):
    schedules.every_minutes(5, "portal.jobs.sweep", name="sweep")
    schedules.ensure()
    at = timezone.now() + timedelta(hours=1)
    Schedule.objects.update(next_run=at)
    schedules.every_minutes(1, "portal.jobs.sweep_all", name="sweep")
    schedules.ensure()
    assert rows() == [("portal:sweep", "portal.jobs.sweep_all", "I", 1, None, -1)]
    assert Schedule.objects.get().next_run == at


def test_ensure_removes_doubles_and_what_is_declared_no_more(jobs):
    schedules.every_minutes(1, "portal.jobs.sweep", name="sweep")
    for name in ("portal:sweep", "portal:sweep", "portal:gone", "somebody else's"):
        Schedule.objects.create(name=name, func="portal.jobs.sweep", schedule_type="I", minutes=1, repeats=-1)
    schedules.ensure()
    assert [row[0] for row in rows()] == ["portal:sweep", "somebody else's"]


def test_what_was_missed_while_no_worker_ran_is_due_once(jobs):
    now = timezone.now()
    for minutes, next_run in ((1, now - timedelta(days=300)), (2, now + timedelta(minutes=1))):
        Schedule.objects.create(func="f", schedule_type="I", minutes=minutes, next_run=next_run)
    schedules.catch_up(now)
    due = dict(Schedule.objects.values_list("minutes", "next_run"))
    assert due == {1: now, 2: now + timedelta(minutes=1)}


@pytest.mark.django_db
def test_declared_jobs_are_there_after_migrate_and_can_be_called():
    Schedule.objects.all().delete()
    call_command("migrate", verbosity=0)
    declared = schedules.declared()
    assert {"trail", "notices"} <= set(declared)
    assert {row[0] for row in rows()} == {schedules.PREFIX + name for name in declared}
    assert all(callable(import_string(job.path)) for job in declared.values())
