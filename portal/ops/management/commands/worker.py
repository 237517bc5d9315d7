"""Runs the queue, and keeps it running.

django-q2's cluster has four ways to fall silent, each seen in practice: SIGTERM to all of its processes hangs it, one
idle worker killed deadlocks it, its first process killed leaves the others working unwatched, and so does its guard
killed. So it runs in a session of its own, hears signals through us alone, and is started again when tasks wait
although it says that it runs.
"""

from __future__ import annotations

import signal
import time
from argparse import ArgumentParser
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connections
from django.db.models import QuerySet
from django.utils import timezone
from django_q.models import OrmQ, Task

from portal.common import schedules
from portal.common.crypto import opening
from portal.notifications import heartbeat
from portal.ops.processes import Child, manage

# Seconds between two signs of life.
BEAT_EVERY = 30.0


@dataclass
class Watch:
    """Notices when a cluster takes no tasks although some are due, or takes them and finishes none."""

    began: datetime
    patience: timedelta
    head: tuple[int, datetime | None] | None = None
    since: datetime | None = None

    def is_stuck(self, *, now: datetime) -> bool:
        return self._leaves_the_head_waiting(now) or self._finishes_nothing(now)

    def _leaves_the_head_waiting(self, now: datetime) -> bool:
        head = _tasks().filter(lock__lt=now).order_by("lock", "pk").values_list("pk", "lock").first()
        if head is None or head != self.head or self.since is None:
            self.head, self.since = head, now
            return False
        return now - self.since > self.patience

    def _finishes_nothing(self, now: datetime) -> bool:
        # Taking a task pushes its lock into the future by `retry`. What an earlier cluster took is not ours to finish.
        retry = timedelta(seconds=int(settings.Q_CLUSTER["retry"]))
        lock = _tasks().filter(lock__gte=self.began + retry).order_by("lock").values_list("lock", flat=True).first()
        if lock is None or now - (lock - retry) <= self.patience:
            return False
        # A failed task stays in the queue until its next attempt, but leaves a result.
        return not Task.objects.filter(stopped__gte=lock - retry).exists()


def _tasks() -> QuerySet[OrmQ]:
    waiting: QuerySet[OrmQ] = OrmQ.objects.filter(key=settings.Q_CLUSTER["name"])
    return waiting


class Command(BaseCommand):
    help = "Runs the queue: sends notices and does what is due."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--grace", type=float, default=20, help="Seconds that a running task has to finish when asked to stop."
        )
        parser.add_argument(
            "--patience",
            type=float,
            # Both workers may rightly be busy with a task each, up to the timeout.
            default=int(settings.Q_CLUSTER["timeout"]) + 30,
            help="Seconds without progress, while there is something to do, before the cluster is started again.",
        )
        parser.add_argument("--check-every", type=float, default=5, help="Seconds between two looks at the queue.")

    def handle(self, *, grace: float, patience: float, check_every: float, **options: Any) -> None:
        call_command("check", tags=[opening.TAG], databases=["default"])
        self.stopping = False
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop)

        while not self.stopping:
            # A database that is down is waited for by the cluster.
            with suppress(DatabaseError):
                schedules.catch_up(timezone.now())
            cluster = Child(manage("qcluster"), env={"PORTAL_IN_WORKER": "1"})
            watch = Watch(began=timezone.now(), patience=timedelta(seconds=patience))
            why = self._follow(cluster, watch, check_every)
            if self.stopping:
                cluster.stop(grace=grace)
                with suppress(DatabaseError):
                    heartbeat.worker_ends()
                break
            self.stderr.write(f"The queue {why}; starting it again.")
            # A stuck cluster hangs on SIGTERM too: what it had taken comes back after Q_CLUSTER's `retry`.
            cluster.stop(grace=min(grace, 5))
            if timezone.now() - watch.began < timedelta(seconds=5):
                # What fails at once, such as a database that is away, must not spin.
                self._sleep(5)

    def _follow(self, cluster: Child, watch: Watch, check_every: float) -> str:
        """Returns why the cluster must be started again, or an empty word when we are asked to stop."""
        next_look = time.monotonic() + check_every
        next_beat = time.monotonic()
        while not self.stopping:
            if not cluster.is_running():
                return "ended by itself"
            if time.monotonic() >= next_beat:
                next_beat = time.monotonic() + BEAT_EVERY
                self._beat()
            if time.monotonic() >= next_look:
                next_look = time.monotonic() + check_every
                if self._look(watch):
                    return f"did nothing for {watch.patience.total_seconds():.0f} seconds"
            self._sleep(0.2)
        return ""

    def _beat(self) -> None:
        """Says that this worker runs; whether its queue does anything, the sweep says."""
        try:
            heartbeat.beat_of_worker(now=timezone.now())
        except DatabaseError as problem:
            self.stderr.write(f"The queue can't be written: {problem}")
        finally:
            connections.close_all()

    def _look(self, watch: Watch) -> bool:
        try:
            return watch.is_stuck(now=timezone.now())
        except DatabaseError as problem:
            self.stderr.write(f"The queue can't be read: {problem}")
            return False
        finally:
            connections.close_all()

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self.stopping and time.monotonic() < until:
            time.sleep(0.1)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True
