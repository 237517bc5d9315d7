"""Who decides about sessions that can't be held as they are booked: the desk about all, a psychologist about theirs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from portal.appointments.closed import closure_words
from portal.appointments.models import Appointment
from portal.clinic.models import Psychologist
from portal.journeys.stranded import Stranded
from portal.journeys.to_do.kinds import (
    BUSY_THEN,
    KINDS,
    LEFT,
    OUTSIDE_HOURS,
    PLACE_CLOSED,
    ROOM_CLOSED,
    STRANDED,
)
from portal.worklist.models import ToDo

# The kind of work whose title says why.
WORK: Final[Mapping[Stranded, str]] = {
    Stranded.LEFT: LEFT.name,
    Stranded.CLOSED: PLACE_CLOSED.name,
    Stranded.ROOM: ROOM_CLOSED.name,
    Stranded.AWAY: STRANDED.name,
    Stranded.HOURS: OUTSIDE_HOURS.name,
    Stranded.BUSY: BUSY_THEN.name,
}


@dataclass(frozen=True, slots=True)
class Audience:
    """`namespace` is the audience's; `session` and `move` are the names of its pages of one session and of moving it.

    `of_one` says that whoever asks sees only what is with them. `titles` are the words for why a session can't be held
    that are others here than on the list of work, by its kind.
    """

    namespace: str
    session: str
    move: str
    of_one: bool = False
    titles: Mapping[str, Promise] = field(default_factory=dict)

    @property
    def session_page(self) -> str:
        return f"{self.namespace}:{self.session}"

    @property
    def move_page(self) -> str:
        return f"{self.namespace}:{self.move}"

    @property
    def patient_page(self) -> str:
        return f"{self.namespace}:patient"

    @property
    def to_do_url(self) -> str:
        return reverse(f"{self.namespace}:to_do")

    @property
    def answer_page(self) -> str:
        return f"{self.namespace}:answer"

    def why_not(self, request: Appointment, why: Stranded) -> str:
        """Why a request can't be confirmed, in words. No query."""
        return _("Not offered any more") if why == Stranded.OFF else self._in_words(WORK[why], request)

    def why(self, session: Appointment, asked: Iterable[ToDo]) -> list[str]:
        """Why a session can't be held as it is booked, in words. No query."""
        return [self._in_words(to_do.kind, session) for to_do in asked]

    def _in_words(self, kind: str, session: Appointment) -> str:
        if kind == STRANDED.name:
            # Time away and closures are one kind of work, but a closed place says nothing of where its people are.
            shut = closure_words(session.location_id, session.starts_at, session.ends_at, mode=session.mode)
            if shut:
                return _("Closed then: %(why)s") % {"why": shut}
        return str(self.titles.get(kind, KINDS[kind].title))


def address(namespace: str, *, of: Psychologist | None = None, at: object = None) -> str:
    """The page of an audience: of one psychologist's sessions, or as far on that the session with the code `at`
    stands on it."""
    asked = ({"with": of.slug} if of else {}) | ({"session": str(at)} if at else {})
    page = reverse(f"{namespace}:stranded")
    return f"{page}{'?' if asked else ''}{urlencode(asked)}{f'#session-{at}' if at else ''}"
