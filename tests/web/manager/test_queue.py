import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_q.models import OrmQ, Schedule, Task
from django_q.signing import SignedPackage

from portal.accounts.roles import Role
from portal.common import schedules
from portal.notifications import heartbeat
from portal.ops import health
from portal.reports import queue
from portal.web.manager.queue_words import WORDS, words_for
from portal.web.public.views import technical
from tests import make
from tests.notifications import twilio

pytestmark = pytest.mark.django_db

# Midday in Melbourne: the jobs of the night were due hours ago.
NOON = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
RETRY = timedelta(seconds=settings.Q_CLUSTER["retry"])
SWEEP, NIGHTLY = "portal.notifications.tasks.sweep", "portal.billing.tasks.put_papers_away"
TRACEBACK = """no such person: mai@example.com : Traceback (most recent call last):
  File "/srv/portal/.venv/lib/python3.13/site-packages/django_q/worker.py", line 104, in worker
    res = f(*task["args"], **task["kwargs"])
  File "/srv/portal/portal/notifications/tasks.py", line 31, in sweep
    raise NoSuchPerson(address)
portal.patients.NoSuchPerson: no such person: mai@example.com
DETAIL: Key (email)=(mai@example.com) is missing.
"""


@pytest.fixture(autouse=True)
def at_work(monkeypatch):
    """A queue at noon in which all goes well, and a web server that started long ago."""
    monkeypatch.setattr(technical, "_started", -10_000.0)
    Task.objects.all().delete()
    OrmQ.objects.all().delete()
    schedules.ensure()
    Schedule.objects.update(next_run=NOON + timedelta(seconds=30))
    heartbeat.beat(heartbeat.SWEEP, now=NOON - timedelta(seconds=40))
    with time_machine.travel(NOON, tick=False):
        yield


def ended(path, at, *, success=True, result=None, attempts=1):
    return Task.objects.create(
        id=uuid.uuid4().hex,
        name="task",
        func=path,
        started=at,
        stopped=at,
        success=success,
        result=result,
        attempt_count=attempts,
    )


def queued(path, *, lock, task_id="a" * 32):
    payload = SignedPackage.dumps({"id": task_id, "name": "task", "func": path, "args": (), "kwargs": {}})
    return OrmQ.objects.create(key=settings.Q_CLUSTER["name"], payload=payload, lock=lock)


def healthz(client, query=""):
    answer = client.get(f"/healthz{query}")
    return answer.status_code, answer.json().get("why", "")


def test_each_declared_job_has_its_words():
    assert {job.path for job in schedules.declared().values()} - set(WORDS) == set()
    assert words_for("portal.old.tasks.tidy_up") == "tidy up"


def test_whatever_is_queued_has_its_words():
    code = "\n".join(path.read_text() for path in (settings.BASE_DIR / "portal").rglob("*.py"))
    queued = set(re.findall(r'"(portal\.[\w.]*\btasks\.\w+)"', code))
    assert "portal.billing.tasks.draw_paper" in queued
    assert queued - set(WORDS) == set()


def test_a_queue_that_has_just_begun_does_not_stand_still(client):
    heartbeat.Heartbeat.objects.all().delete()
    heartbeat.beat_of_worker(now=NOON)
    assert queue.silence(NOON) is None
    page = make.signed_in_client(role=Role.MANAGER).get(reverse("manager:queue")).content.decode()
    assert "No worker has ever run" not in page


def test_it_is_well_while_the_queue_works(client):
    assert healthz(client) == (200, "")


@pytest.mark.parametrize("age", [None, timedelta(minutes=5)], ids=["never ran", "silent"])
def test_it_fails_when_no_worker_lives_but_not_for_who_asks_for_the_web_alone(client, age, monkeypatch):
    if age is None:
        heartbeat.Heartbeat.objects.all().delete()
    else:
        heartbeat.beat(heartbeat.SWEEP, now=NOON - age)
    assert healthz(client) == (503, "No worker runs: python3 manage.py worker")
    assert healthz(client, "?web")[0] == 200
    # A portal that was just started has not heard of its worker yet.
    monkeypatch.setattr(technical, "_started", technical.time.monotonic() - 10)
    assert healthz(client)[0] == 200


@pytest.mark.parametrize(
    ("path", "at", "late"),
    [
        (SWEEP, NOON - timedelta(minutes=11), ""),
        (SWEEP, NOON - timedelta(minutes=13), "Late: notices"),
        # Twenty to four in Melbourne is twenty to five of the evening before in UTC.
        (NIGHTLY, datetime(2026, 11, 23, 16, 41, tzinfo=UTC), ""),
        (NIGHTLY, datetime(2026, 11, 22, 16, 41, tzinfo=UTC), "Late: put papers away"),
    ],
)
def test_a_job_is_late_when_its_turn_never_ended(client, path, at, late):
    ended(path, at)
    assert healthz(client) == (503 if late else 200, late)
    # That it ended badly is no lateness: a balancer must not take a server away for it.
    ended(path, NOON - timedelta(minutes=1), success=False)
    assert healthz(client) == (200, "")


def test_a_job_is_late_of_which_nobody_makes_a_task(client):
    Schedule.objects.filter(name="portal:trail").update(next_run=NOON - timedelta(minutes=11))
    assert healthz(client) == (503, "Late: trail")
    Schedule.objects.filter(name="portal:trail").delete()
    assert healthz(client) == (503, "Late: trail")


def test_it_is_cheap(client, django_assert_max_num_queries):
    with django_assert_max_num_queries(4):
        healthz(client)


def test_what_runs_is_told_from_what_waits_and_from_what_failed_and_waits():
    queued(SWEEP, lock=NOON - timedelta(minutes=3))
    queued(SWEEP, lock=NOON - timedelta(minutes=1))
    queued(NIGHTLY, lock=NOON + RETRY - timedelta(seconds=50), task_id="b" * 32)
    failed = ended("portal.notifications.tasks.ask", NOON - timedelta(seconds=10), success=False)
    queued("portal.notifications.tasks.ask", lock=NOON + RETRY - timedelta(seconds=20), task_id=failed.id)
    waiting = queue.waiting(NOON)
    assert (waiting.count, waiting.oldest, waiting.by_path) == (2, NOON - timedelta(minutes=3), [(SWEEP, 2)])
    assert queue.running(NOON) == [queue.Running(NIGHTLY, NOON - timedelta(seconds=50))]


def test_of_an_error_only_its_kind_is_shown():
    assert queue.kind_of(TRACEBACK) == "NoSuchPerson"
    assert [queue.kind_of(result) for result in (None, "", "mai@example.com")] == ["", "", ""]


def test_the_manager_sees_it_all_and_no_address():
    boss = make.signed_in_client(role=Role.MANAGER)
    heartbeat.beat("worker fern 4711", now=NOON - timedelta(seconds=20))
    heartbeat.beat("worker gone 1", now=NOON - timedelta(minutes=30))
    ended(SWEEP, NOON - timedelta(minutes=2), success=False, result=TRACEBACK, attempts=2)
    ended(NIGHTLY, NOON - timedelta(hours=8))
    queued("portal.notifications.tasks.deliver", lock=NOON - timedelta(minutes=3))
    queued(NIGHTLY, lock=NOON + RETRY - timedelta(seconds=50), task_id="b" * 32)
    OrmQ.objects.create(key=settings.Q_CLUSTER["name"], payload="rubbish", lock=NOON - timedelta(minutes=2))
    body = boss.get(reverse("manager:queue")).content.decode()
    for words in (
        "At work",
        "fern 4711, last heard of",
        "2 tasks, the oldest since",
        "Send one message",
        "Something that can&#x27;t be read",
        "Put old invoices&#x27; papers away, for less than a minute",
        "NoSuchPerson",
        "tried 2 times",
        "Failed last",
    ):
        assert words in body, words
    for words in ("mai@example.com", "gone 1", "Went well since"):
        assert words not in body, words
    ended(SWEEP, NOON - timedelta(minutes=1))
    heartbeat.beat(heartbeat.SWEEP, now=NOON - timedelta(hours=3))
    body = boss.get(reverse("manager:queue")).content.decode()
    assert "Went well since" in body
    assert "Nothing has been done for 3 hours" in body


@pytest.mark.parametrize(("sender", "warns"), [("BANKSIA", True), (twilio.FROM, False), ("MG" + "c" * 32, False)])
def test_a_senders_name_that_may_be_unverified_and_cant_be_answered_is_warned_of(settings, sender, warns):
    twilio.reach(settings, "http://127.0.0.1:1")
    settings.TWILIO_SMS_FROM = sender
    make.clinic()
    boss = make.signed_in_client(role=Role.MANAGER)
    for page in ("queue", "settings"):
        body = boss.get(reverse(f"manager:{page}")).content.decode()
        assert ("Unverified" in body, "“BANKSIA”" in body) == (warns, warns)
    assert any("ACMA" in (finding.cure or "") for finding in health.mail()) is warns
    settings.TWILIO_ACCOUNT_SID = ""
    assert "Unverified" not in boss.get(reverse("manager:queue")).content.decode()


def test_it_asks_as_often_for_30_as_for_1():
    boss, counts = make.signed_in_client(role=Role.MANAGER), []
    boss.get(reverse("manager:queue"))
    for _ in range(2):
        for n in range(len(counts) * 29 + 1):
            ended(SWEEP, NOON - timedelta(minutes=n), success=False, result=TRACEBACK)
            queued(SWEEP, lock=NOON - timedelta(minutes=n), task_id=uuid.uuid4().hex)
            queued(SWEEP, lock=NOON + RETRY - timedelta(seconds=n + 1), task_id=uuid.uuid4().hex)
        with CaptureQueriesContext(connection) as queries:
            boss.get(reverse("manager:queue"))
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("role", [Role.PSYCHOLOGIST, Role.RECEPTION, Role.PATIENT])
def test_it_is_the_managers_alone(role):
    assert make.signed_in_client(role=role).get(reverse("manager:queue")).status_code == 403


def test_a_worker_says_that_it_runs_until_it_ends():
    heartbeat.beat("worker old 1", now=NOON - timedelta(days=2))
    heartbeat.beat_of_worker(now=NOON)
    assert list(heartbeat.workers(now=NOON).values()) == [NOON]
    assert not heartbeat.Heartbeat.objects.filter(name="worker old 1").exists()
    heartbeat.worker_ends()
    assert heartbeat.workers(now=NOON) == {}
