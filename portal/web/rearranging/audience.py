"""Who decides about sessions that can't be held as they are booked: the desk about all, a psychologist about theirs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode

from portal.clinic.models import Psychologist
from portal.journeys.to_do.kinds import KINDS
from portal.worklist.models import ToDo


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

    def why(self, asked: Iterable[ToDo]) -> list[str]:
        """Why a session can't be held as it is booked, in words."""
        return [str(self.titles.get(to_do.kind, KINDS[to_do.kind].title)) for to_do in asked]


def address(namespace: str, *, of: Psychologist | None = None, at: object = None) -> str:
    """The page of an audience: of one psychologist's sessions, or as far on that the session with the code `at`
    stands on it."""
    asked = ({"with": of.slug} if of else {}) | ({"session": str(at)} if at else {})
    page = reverse(f"{namespace}:stranded")
    return f"{page}{'?' if asked else ''}{urlencode(asked)}{f'#session-{at}' if at else ''}"
