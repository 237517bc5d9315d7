"""Whose work the desk sees, and where it is done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.appointments.models import OutsideCalendar
from portal.billing.models import OnlineTrouble
from portal.clinic import kept
from portal.common.access.actors import Actor
from portal.common.database.compiled import compiled
from portal.web.to_do.rooms import DESKS_PAGES, TOGETHER, Lead, Room


def _leads(_actor: Actor, now: datetime) -> Iterator[Lead]:
    """Whose other calendar could not be read for a day: what the clinic's calendar shows of it may be so no longer."""
    if count := len(_troubles()):
        words = _("Card payments online to look after: %(count)d") % {"count": count}
        yield Lead(words, reverse("reception:online"))
    stale = {calendar.psychologist_id for calendar in _failing() if calendar.is_stale(now=now)}
    for person in kept.psychologists().values():
        if person.pk in stale and person.is_active:
            words = _("What %(name)s has on elsewhere could not be read for a day") % {"name": person.name}
            yield Lead(words, f"{reverse('reception:calendar')}?{urlencode({'psychologist': person.slug})}")


@compiled
def _troubles() -> QuerySet[OnlineTrouble, int]:
    return OnlineTrouble.objects.open().order_by().values_list("pk", flat=True)


@compiled
def _failing() -> QuerySet[OutsideCalendar]:
    return OutsideCalendar.objects.failing()


ROOM = Room(
    "reception",
    whose=lambda to_dos, now: to_dos.at_the_desk(),
    addresses=DESKS_PAGES,
    together=TOGETHER,
    leads=lambda actor, now: list(_leads(actor, now)),
)
