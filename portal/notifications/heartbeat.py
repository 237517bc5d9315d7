"""Tells whether the worker is alive: each round of the sweep leaves its time, and each worker says that it runs."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta

from portal.notifications.models import Heartbeat

SWEEP = "sweep"
WORKER = "worker "
# A worker says so twice a minute; one that was killed is forgotten.
SILENT_WORKER, FORGOTTEN_AFTER = timedelta(minutes=2), timedelta(days=1)


def beat(name: str, *, now: datetime) -> None:
    """Notes that a job of this name has just run to its end."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": now})


def age(name: str, *, now: datetime) -> timedelta | None:
    """How long ago the job last ran, or None if it never did."""
    at = Heartbeat.objects.filter(name=name).values_list("at", flat=True).first()
    return None if at is None else now - at


def name_of_worker() -> str:
    """One name for each worker: of its machine the end tells more than the beginning, on platforms that number them."""
    return f"{WORKER}{socket.gethostname()[-20:]} {os.getpid()}"


def beat_of_worker(*, now: datetime) -> None:
    """A worker says that it runs, and forgets those that said nothing for a day."""
    beat(name_of_worker(), now=now)
    Heartbeat.objects.filter(name__startswith=WORKER, at__lt=now - FORGOTTEN_AFTER).delete()


def worker_ends() -> None:
    """A worker that is asked to stop says so."""
    Heartbeat.objects.filter(name=name_of_worker()).delete()


def workers(*, now: datetime) -> dict[str, datetime]:
    """When each worker that lives last said so, by the name of its machine and process."""
    alive = Heartbeat.objects.filter(name__startswith=WORKER, at__gte=now - SILENT_WORKER).order_by("name")
    return {name.removeprefix(WORKER): at for name, at in alive.values_list("name", "at")}
