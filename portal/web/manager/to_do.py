"""What comes to the manager, and where it is done: at the desk's pages, which are open to managers too."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils.translation import ngettext

from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.journeys.to_do.kinds import (
    AHEAD_HELD,
    DOUBLED,
    FEE_UNDECIDED,
    LEFT,
    NOT_BILLED_AGAIN,
    PLACE_CLOSED,
    SESSION_OPEN,
    STRANDED,
    UNDELIVERED,
)
from portal.web.manager import attention
from portal.web.to_do.rooms import Lead, Room


def _needs_a_look(actor: Actor, now: datetime) -> list[Lead]:
    """What the overview says is to be done, beside what only is to be known."""
    points = attention.points(clinic=ClinicSettings.current(), by=actor, now=now)
    n = sum(point.tone != "sky" for point in points)
    if not n:
        return []
    words = ngettext("%(n)d thing needs a look", "%(n)d things need a look", n) % {"n": n}
    return [Lead(words, reverse("manager:home") + "#look")]


ROOM = Room(
    "manager",
    whose=lambda to_dos, now: to_dos.with_the_manager(now=now),
    addresses={
        UNDELIVERED.name: "reception:notice",
        SESSION_OPEN.name: "reception:appointment",
        NOT_BILLED_AGAIN.name: "reception:appointment",
        STRANDED.name: "reception:appointment",
        LEFT.name: "reception:appointment",
        PLACE_CLOSED.name: "reception:appointment",
        AHEAD_HELD.name: "reception:appointment",
        FEE_UNDECIDED.name: "reception:fee",
        DOUBLED.name: "reception:compare",
    },
    leads=_needs_a_look,
)
