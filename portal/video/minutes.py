"""How long both sides were in a room together: what a Medicare item is proposed by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.appointments.models import Appointment
from portal.video.models import Presence, Side


@dataclass(frozen=True, slots=True)
class Together:
    """From when until when both were there, and for how many minutes in all, breaks not counted."""

    began: datetime
    ended: datetime
    minutes: int


def together(session: Appointment) -> Together | None:
    """None where they never met. One query."""
    rows = Presence.objects.filter(room__session=session, room__starts_at=session.starts_at).order_by("joined_at", "pk")
    stays: dict[str, list[tuple[datetime, datetime]]] = {side: [] for side in Side.values}
    for row in rows:
        stays[row.side].append((row.joined_at, row.left_at or row.seen_at))
    met = [
        (max(one[0], other[0]), min(one[1], other[1]))
        for one in _joined(stays[Side.PATIENT])
        for other in _joined(stays[Side.PSYCHOLOGIST])
    ]
    met = [(began, ended) for began, ended in met if ended > began]
    if not met:
        return None
    length = sum((ended - began for began, ended in met), start=timedelta())
    return Together(met[0][0], met[-1][1], int(length.total_seconds() // 60))


def _joined(stays: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Two parents on two lines are one patient's side."""
    found: list[tuple[datetime, datetime]] = []
    for began, ended in stays:
        if found and began <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ended))
        else:
            found.append((began, ended))
    return found
