"""What comes to the manager, and where it is done: at the desk's pages, which are open to managers too."""

from __future__ import annotations

from portal.journeys.to_do.kinds import (
    AHEAD_HELD,
    DOUBLED,
    LEFT,
    NOT_BILLED_AGAIN,
    PLACE_CLOSED,
    SESSION_OPEN,
    STRANDED,
    UNDELIVERED,
)
from portal.web.to_do.rooms import Room

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
        DOUBLED.name: "reception:compare",
    },
)
