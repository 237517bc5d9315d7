"""Whose work the desk sees, and where it is done."""

from __future__ import annotations

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
from portal.web.to_do.rooms import Room

ROOM = Room(
    "reception",
    whose=lambda to_dos, now: to_dos.at_the_desk(),
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
)
