"""The question before a change is saved that would strand booked sessions: which, page by page, and what is proposed.

Whoever goes on sends back the digest of all of them; a button of another page sends none, and is asked again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.appointments.models import Appointment
from portal.clinic.models import Psychologist
from portal.common.languages.punctuation import listed
from portal.common.languages.times import when_short
from portal.journeys.choosing import FreeTime
from portal.journeys.stranded import StillBooked, digest_of
from portal.patients import ringing
from portal.web.rearranging.audience import address

PER_PAGE: Final = 20
# The field that says which booked sessions the page showed, and the button that turns to another page of them.
KNOWN: Final = "known"
TURN: Final = "turn"


@dataclass(frozen=True, slots=True)
class Line:
    """One of the sessions, and the time that is proposed for it in words; empty where nothing is free."""

    session: Appointment
    proposed: str
    # Whether it could be held at its own time by video.
    by_video: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """One page of the sessions that a change would strand."""

    all: StillBooked
    lines: list[Line]
    page: Page[Appointment]
    digest: str

    # Names of fields, for the template.
    known: str = KNOWN
    turn: str = TURN

    @property
    def count(self) -> int:
        return self.page.paginator.count

    @property
    def in_that_time(self) -> str:
        """How many they are, where somebody would be away."""
        booked, asked_for = self.all.booked, self.all.asked_for
        words = ngettext("%(n)d session is booked in that time", "%(n)d sessions are booked in that time", booked)
        also = ngettext("%(n)d session is asked for in it", "%(n)d sessions are asked for in it", asked_for)
        said = [words % {"n": booked}] if booked else []
        return listed([*said, also % {"n": asked_for}] if asked_for else said)


def known(data: Mapping[str, str]) -> str:
    """What a form says that its page showed; nothing where somebody only turns the page."""
    return "" if TURN in data else data.get(KNOWN, "")


def question(asked: StillBooked, data: Mapping[str, str]) -> Question:
    """The page of the sessions that a form asks for, the first unless it turns."""
    page: Page[Appointment] = Paginator(asked.sessions, PER_PAGE).get_page(data.get(TURN))
    ringing.read_ways(session.patient for session in page.object_list)
    lines = [
        Line(session, _proposed(session, asked.proposed.get(session.pk)), session.pk in asked.by_video)
        for session in page.object_list
    ]
    return Question(asked, lines, page, digest_of(asked.sessions))


def with_requests(note: str, asked: StillBooked | None) -> str:
    """What a page says of the sessions that are booked, if there are any, and of those that are only asked for."""
    if asked is None or not asked.asked_for:
        return note if asked and asked.booked else ""
    also = ngettext(
        "%(n)d session is asked for and not booked yet. If it can't be confirmed any more, reception declines it, or "
        "books another time.",
        "%(n)d sessions are asked for and not booked yet. Reception declines those that can't be confirmed any more, "
        "or books other times.",
        asked.asked_for,
    ) % {"n": asked.asked_for}
    return f"{note} {also}" if asked.booked else also


def to_decide(*, of: Psychologist | None = None) -> str:
    """The address of the page on which the desk decides what becomes of each, once it is saved."""
    return address("reception", of=of)


def _proposed(session: Appointment, free: FreeTime | None) -> str:
    """`Tue 1 Dec, 9:00 am`, and with whom and where if that is somebody or somewhere else."""
    if free is None:
        return ""
    words = when_short(free.starts_at, free.zone)
    if free.who and free.who.pk != session.psychologist_id:
        words = _("%(when)s with %(name)s") % {"when": words, "name": free.who.name}
    return words if free.location.pk == session.location_id else f"{words} · {free.where}"
