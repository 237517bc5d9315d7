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
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connections
from django.utils import timezone
from django_q.models import OrmQ

from portal.ops.processes import Child, manage


@dataclass
class Watch:
    """Notices when the same due task stays at the head of the queue for too long."""

    patience: float
    head: tuple[int, Any] | None = None
    since: float = 0.0

    def is_stuck(self, head: tuple[int, Any] | None, *, now: float) -> bool:
        """`head` is the oldest task that any worker may take, as (id, lock); `now` counts seconds."""
        if head is None or head != self.head:
            self.head, self.since = head, now
            return False
        return now - self.since > self.patience


def oldest_due() -> tuple[int, Any] | None:
    due = OrmQ.objects.filter(key=settings.Q_CLUSTER["name"], lock__lt=timezone.now())
    return due.order_by("lock", "pk").values_list("pk", "lock").first()


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
            default=settings.Q_CLUSTER["timeout"] + 30,
            help="Seconds that a due task may wait at the head of the queue before the cluster is started again.",
        )
        parser.add_argument("--check-every", type=float, default=5, help="Seconds between two looks at the queue.")

    def handle(self, *, grace: float, patience: float, check_every: float, **options: Any) -> None:
        self.stopping = False
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop)

        while not self.stopping:
            cluster = Child(manage("qcluster"), env={"PORTAL_IN_WORKER": "1"})
            began = time.monotonic()
            why = self._watch(cluster, Watch(patience), check_every)
            if self.stopping:
                cluster.stop(grace=grace)
                break
            self.stderr.write(f"The queue {why}; starting it again.")
            # A stuck cluster hangs on SIGTERM too: tasks that it held come back after Q_CLUSTER's `retry`.
            cluster.stop(grace=min(grace, 5))
            if time.monotonic() - began < 5:
                # What fails at once, such as a database that is away, must not spin.
                self._sleep(5)

    def _watch(self, cluster: Child, watch: Watch, check_every: float) -> str:
        """Returns why the cluster needs to be started again, or an empty word when we are asked to stop."""
        next_look = time.monotonic() + check_every
        while not self.stopping:
            if not cluster.is_running():
                return "ended by itself"
            if time.monotonic() >= next_look:
                next_look = time.monotonic() + check_every
                if watch.is_stuck(self._look(), now=time.monotonic()):
                    return f"stood still for {watch.patience:.0f} seconds"
            self._sleep(0.2)
        return ""

    def _look(self) -> tuple[int, Any] | None:
        try:
            return oldest_due()
        except DatabaseError as problem:
            self.stderr.write(f"The queue can't be read: {problem}")
            return None
        finally:
            connections.close_all()

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self.stopping and time.monotonic() < until:
            time.sleep(0.1)

    def _stop(self, number: int, frame: Any) -> None:
        self.stopping = True
