"""What waits for a psychologist, and where it leads: to their own pages of the session."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from portal.appointments.joining_for_staff import is_booked_without_a_way
from portal.appointments.models import OutsideCalendar
from portal.clinic import kept
from portal.common.access.actors import Actor
from portal.journeys.rearranging.deciding import undecided_sessions
from portal.journeys.to_do.kinds import (
    ALERT,
    BUSY_THEN,
    MESSAGE_FOR_ONE,
    RECORD_READ,
    REPORT_OWING,
    REQUESTED,
    SESSION_OPEN,
)
from portal.records.session_notes import sessions_to_write_up
from portal.web.to_do.rooms import Lead, Room


def _leads(actor: Actor, now: datetime) -> list[Lead]:
    """Sessions to rearrange, calendars that fail and notes that are not signed: each has a page of its own."""
    leads = []
    own = next((one for one in kept.psychologists().values() if one.user_id == actor.user_id), None)
    if own is not None and is_booked_without_a_way(own):
        words = gettext("People can book you by video, and nobody could join: put your link into your profile")
        leads.append(Lead(words, reverse("psychologist:profile")))
    if undecided := undecided_sessions(actor).count():
        words = ngettext(
            "%(count)d session of yours is to be rearranged",
            "%(count)d sessions of yours are to be rearranged",
            undecided,
        )
        leads.append(Lead(words % {"count": undecided}, reverse("psychologist:stranded")))
    if stale := sum(calendar.is_stale(now=now) for calendar in OutsideCalendar.objects.visible_to(actor).failing()):
        words = ngettext(
            "%(count)d calendar of yours could not be read for a day",
            "%(count)d calendars of yours could not be read for a day",
            stale,
        )
        leads.append(Lead(words % {"count": stale}, reverse("psychologist:outside")))
    if unsigned := sessions_to_write_up(actor, now=now).count():
        words = ngettext("%(count)d note to sign", "%(count)d notes to sign", unsigned)
        leads.append(Lead(words % {"count": unsigned}, reverse("psychologist:notes")))
    return leads


ROOM = Room(
    "psychologist",
    whose=lambda to_dos, now: to_dos,
    addresses={
        SESSION_OPEN.name: "psychologist:session",
        REQUESTED.name: "psychologist:answer",
        RECORD_READ.name: "psychologist:reading",
        REPORT_OWING.name: "psychologist:report",
        BUSY_THEN.name: "psychologist:session",
        MESSAGE_FOR_ONE.name: "psychologist:thread",
        ALERT.name: "psychologist:alert",
    },
    advice={SESSION_OPEN.name: _("Mark it as completed, or as a no-show.")},
    leads=_leads,
)
