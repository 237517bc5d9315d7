"""The queue as it really runs: processes, signals and a database file."""

import os
import signal
import subprocess
import sys
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Task
from django_q.tasks import async_task

from portal.ops.management.commands import worker
from portal.ops.management.commands.worker import Watch
from portal.ops.processes import manage

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and only Linux ends orphans by itself")


NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
RETRY = timedelta(seconds=settings.Q_CLUSTER["retry"])


def at(seconds):
    return NOON + timedelta(seconds=seconds)


def queued(*, due=None, taken=None):
    """A task that is due at a second, or was taken at one."""
    lock = at(due) if taken is None else at(taken) + RETRY
    return OrmQ.objects.create(key=settings.Q_CLUSTER["name"], payload="", lock=lock)


def finished(second, *, success):
    return Task.objects.create(
        id=uuid.uuid4().hex, name="done", func="os.mkdir", started=at(second - 1), stopped=at(second), success=success
    )


@pytest.fixture
def watch():
    return Watch(began=NOON, patience=timedelta(seconds=90))


@pytest.mark.django_db
def test_watch_is_content_with_an_empty_queue(watch):
    assert [watch.is_stuck(now=at(second)) for second in (0, 100, 1000)] == [False, False, False]


@pytest.mark.django_db
def test_watch_notices_a_due_task_that_nobody_takes(watch):
    queued(due=-60)
    assert [watch.is_stuck(now=at(second)) for second in (5, 60, 95, 96)] == [False, False, False, True]


@pytest.mark.django_db
def test_watch_is_patient_with_a_queue_that_moves(watch):
    first, second = queued(due=-60), queued(due=-50)
    assert watch.is_stuck(now=at(5)) is False
    first.delete()
    assert watch.is_stuck(now=at(80)) is False
    assert watch.is_stuck(now=at(160)) is False
    assert second.pk == watch.head[0]


@pytest.mark.django_db
def test_watch_notices_a_cluster_that_takes_and_finishes_nothing(watch):
    finished(9, success=True)
    queued(taken=10)
    assert [watch.is_stuck(now=at(second)) for second in (60, 100, 101)] == [False, False, True]


@pytest.mark.django_db
@pytest.mark.parametrize("success", [True, False])
def test_watch_is_content_when_something_was_finished_since(watch, success):
    # A failed task waits in the queue for its next attempt as if it were still being worked on.
    queued(taken=10)
    finished(12, success=success)
    assert watch.is_stuck(now=at(500)) is False


@pytest.mark.django_db
def test_watch_does_not_blame_a_cluster_for_what_the_one_before_took(watch):
    queued(taken=-30)
    assert watch.is_stuck(now=at(200)) is False


# ---- Real processes --------------------------------------------------------------------------------------------------


def database_url():
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


def wait_until(condition, seconds=45):
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)
    return found


def processes():
    """(pid, parent, session) of every process that is not a zombie."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        if fields[0] != "Z":
            found.append((int(path.parent.name), int(fields[1]), int(fields[3])))
    return found


class Queue:
    """A running `manage.py worker`."""

    def __init__(self, folder, *options):
        self.log = folder / "worker.log"
        self.folder = folder
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                manage("worker", "--check-every", "0.3", *options),
                env={
                    **os.environ,
                    "DJANGO_SETTINGS_MODULE": "portal.settings",
                    "DATABASE_URL": database_url(),
                    "PORTAL_NO_VENV": "1",
                },
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.sessions = set()

    def cluster(self):
        """The pid of the cluster's first process, which leads a session of its own."""
        own = [pid for pid, parent, session in processes() if parent == self.process.pid and session == pid]
        self.sessions.update(own)
        return own[0] if own else None

    def members(self):
        self.cluster()
        return [pid for pid, _, session in processes() if session in self.sessions]

    def does(self, name, *, seconds=45):
        """Queues the making of a folder, and waits for it."""
        target = self.folder / name
        async_task("os.mkdir", str(target))
        wait_until(target.exists, seconds=seconds)

    def end(self):
        for pid in [self.process.pid, *self.members()]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()


@pytest.fixture
def start(tmp_path):
    running = []

    def start(*options):
        queue = Queue(tmp_path, *options)
        running.append(queue)
        queue.does("first")
        assert len(queue.members()) >= 5
        return queue

    yield start
    for queue in running:
        queue.end()


@linux_only
@pytest.mark.django_db(transaction=True)
def test_signal_to_the_whole_group_ends_it_in_order(start):
    queue = start("--grace", "15")
    began = time.monotonic()
    os.killpg(queue.process.pid, signal.SIGTERM)
    assert queue.process.wait(timeout=20) == 0
    # Within the grace: nothing had to be killed.
    assert time.monotonic() - began < 12
    assert queue.members() == []


@linux_only
@pytest.mark.django_db(transaction=True)
def test_killed_worker_leaves_no_orphans(start):
    queue = start()
    members = queue.members()
    queue.process.kill()
    queue.process.wait()
    wait_until(lambda: not ({pid for pid, _, _ in processes()} & set(members)))


@linux_only
@pytest.mark.django_db(transaction=True)
def test_deadlocked_cluster_is_started_again(start):
    # Longer than this machine takes to start a cluster, however busy it is, or the new one would be ended again before
    # it can take anything.
    patience = 8 + int(4 * os.getloadavg()[0] / (os.cpu_count() or 1))
    queue = start("--patience", str(patience), "--grace", "1")
    first = queue.cluster()
    # The cluster's guard is its only child; the first two that it made are the idle workers. One of them waits for a
    # task holding the lock of the queue, and takes the lock with it.
    (guard,) = [pid for pid, parent, _ in processes() if parent == first]
    workers = sorted(pid for pid, parent, _ in processes() if parent == guard)[:2]
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    # It is taken, and never done: what watches for due tasks alone would be fooled.
    async_task("os.mkdir", str(queue.folder / "taken"))
    wait_until(lambda: queue.cluster() not in {None, first}, seconds=3 * patience + 45)
    queue.does("second", seconds=3 * patience + 45)
    assert not (queue.folder / "taken").exists()
    assert f"The queue did nothing for {patience} seconds; starting it again." in queue.log.read_text()


@linux_only
@pytest.mark.django_db(transaction=True)
def test_cluster_whose_first_process_dies_is_started_again_without_its_orphans(start):
    queue = start()
    first = queue.cluster()
    orphans = set(queue.members())
    os.kill(first, signal.SIGKILL)
    queue.does("second")
    assert not ({pid for pid, _, _ in processes()} & orphans)
    assert "The queue ended by itself; starting it again." in queue.log.read_text()


def test_what_was_missed_is_put_right_before_the_queue_starts(db, monkeypatch):
    """Stepping over ten months of minutes, the queue would keep the database locked for a quarter of a minute."""
    Schedule.objects.all().delete()
    Schedule.objects.create(func="f", schedule_type="I", minutes=1, next_run=timezone.now() - timedelta(days=300))
    found = []

    class Cluster:
        def __init__(self, *args, **kwargs):
            found.append(timezone.now() - Schedule.objects.get().next_run)

        def stop(self, *, grace):
            pass

    def follow(command, *args):
        command.stopping = True

    monkeypatch.setattr(worker, "Child", Cluster)
    monkeypatch.setattr(worker.Command, "_follow", follow)
    monkeypatch.setattr(worker.signal, "signal", lambda number, handler: None)
    call_command("worker")
    assert found[0] < timedelta(minutes=1)
