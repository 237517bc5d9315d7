"""The queue as it really runs: processes, signals and a database file."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection
from django_q.tasks import async_task

from portal.ops.management.commands.worker import Watch
from portal.ops.processes import manage

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and only Linux ends orphans by itself")


def test_watch_is_patient_with_a_queue_that_moves():
    watch = Watch(patience=90)
    assert [watch.is_stuck(head, now=now) for head, now in [((1, "a"), 0), ((2, "a"), 91), ((3, "a"), 182)]] == [
        False,
        False,
        False,
    ]


def test_watch_notices_a_head_that_stays():
    watch = Watch(patience=90)
    assert [watch.is_stuck((1, "a"), now=now) for now in (0, 60, 90, 91)] == [False, False, False, True]


def test_watch_forgets_an_empty_queue():
    watch = Watch(patience=90)
    assert [watch.is_stuck(head, now=now) for head, now in [((1, "a"), 0), (None, 80), ((1, "a"), 100)]] == [
        False,
        False,
        False,
    ]


# ---- Real processes --------------------------------------------------------------------------------------------------


def database_url():
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


def wait_until(condition, seconds=25):
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
                env={**os.environ, "DATABASE_URL": database_url(), "PORTAL_NO_VENV": "1"},
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

    def does(self, name):
        """Queues the making of a folder, and waits for it."""
        target = self.folder / name
        async_task("os.mkdir", str(target))
        wait_until(target.exists)

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
    queue = start("--patience", "2", "--grace", "1")
    first = queue.cluster()
    # The cluster's guard is its only child; the first two that it made are the idle workers. One of them waits for a
    # task holding the lock of the queue, and takes the lock with it.
    (guard,) = [pid for pid, parent, _ in processes() if parent == first]
    workers = sorted(pid for pid, parent, _ in processes() if parent == guard)[:2]
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    queue.does("second")
    assert queue.cluster() != first
    assert "The queue stood still for 2 seconds; starting it again." in queue.log.read_text()


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
