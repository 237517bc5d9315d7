"""Whose work the desk sees, and where it is done."""

from __future__ import annotations

from portal.web.to_do.rooms import DESKS_PAGES, TOGETHER, Room

ROOM = Room(
    "reception",
    whose=lambda to_dos, now: to_dos.at_the_desk(),
    addresses=DESKS_PAGES,
    together=TOGETHER,
)
