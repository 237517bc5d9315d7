"""What comes to the manager, and where it is done: at the desk's pages, which are open to managers too."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils.translation import ngettext

from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.web.manager import attention
from portal.web.to_do.rooms import DESKS_PAGES, TOGETHER, Lead, Room


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
    addresses=DESKS_PAGES,
    together=TOGETHER,
    leads=_needs_a_look,
)
