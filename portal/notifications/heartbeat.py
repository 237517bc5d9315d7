"""Tells whether the worker is alive: each round of the sweep leaves its time."""

from __future__ import annotations

from datetime import datetime, timedelta

from portal.notifications.models import Heartbeat

SWEEP = "sweep"


def beat(name: str, *, now: datetime) -> None:
    """Notes that a job of this name has just run to its end."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": now})


def age(name: str, *, now: datetime) -> timedelta | None:
    """How long ago the job last ran, or None if it never did."""
    at = Heartbeat.objects.filter(name=name).values_list("at", flat=True).first()
    return None if at is None else now - at
