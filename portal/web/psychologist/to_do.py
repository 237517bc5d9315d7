"""What waits for a psychologist, and where it leads: to their own pages of the session."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.journeys.to_do.kinds import RECORD_READ, SESSION_OPEN
from portal.web.to_do.rooms import Room

ROOM = Room(
    "psychologist",
    whose=lambda to_dos, now: to_dos,
    addresses={SESSION_OPEN.name: "psychologist:session", RECORD_READ.name: "psychologist:reading"},
    advice={SESSION_OPEN.name: _("Mark it as completed, or as a no-show.")},
)
