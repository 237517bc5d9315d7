"""Whose calendar it is: what is shown in it, and where a session and a free half hour lead."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.urls import reverse

from portal.appointments.calendars import Booked
from portal.clinic.models import Psychologist
from portal.common.web.addresses import each
from portal.web.rearranging.audience import address

# What is said of sessions beside what a diary knows: where they stand with Medicare, and a psychologist's how far the
# note is. By their codes.
Asides = Callable[[Sequence[Booked], datetime], Mapping[UUID, str]]
# What that rests on, as plain values: cheap to read, and the same while the words are.
Traces = Callable[[Sequence[Booked], datetime], object]


def _nothing(_sessions: Sequence[Booked], _now: datetime) -> Mapping[UUID, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Audience:
    """`namespace` is the audience's; `session` is the name of the page of one session, `ahead` that of one still to
    come, where it is another.

    `times` is that of the page of free times for a session that moves; empty where there is none.
    `usual` is the view that its calendar begins with; `of_one` says that it shows one person's diary, not everybody's.
    """

    namespace: str
    session: str
    usual: str
    of_one: bool = False
    asides: Asides = _nothing
    traces: Traces = _nothing
    times: str = ""
    ahead: str = ""

    def url(self, name: str) -> str:
        """The address of a page of this audience that takes nothing."""
        return reverse(f"{self.namespace}:{name}")

    @property
    def undo_url(self) -> str:
        """The name of the page that takes a move back."""
        return f"{self.namespace}:undo_move"

    def session_url(self, *, undecided: Collection[str] = ()) -> Callable[[object, bool], str]:
        """Fills the address of a session's page with its code; what is still to come may have another.

        One's own whose code is `undecided` leads to where it is decided about: that is what its outline asks for.
        """
        over, ahead = (each(f"{self.namespace}:{name}") for name in (self.session, self.ahead or self.session))
        is_own = self.of_one and bool(undecided)

        def page(code: object, is_to_come: bool) -> str:
            if is_own and str(code) in undecided:
                return address(self.namespace, at=code)
            return ahead(code) if is_to_come else over(code)

        return page

    def decide_url(self, psychologist: Psychologist | None) -> str:
        """Where somebody decides about sessions that can't be held as they are; at the desk, of one psychologist's."""
        return address(self.namespace, of=None if self.of_one else psychologist)

    def hours_of(self, psychologist: Psychologist) -> str:
        """Where the desk changes somebody's hours; empty for who has left, and in a calendar of one's own."""
        if self.of_one or psychologist.has_left:
            return ""
        return reverse(f"{self.namespace}:hours", args=[psychologist.slug])

    def day_list(self, day: date) -> str:
        """The page that lists one day's sessions with all that is done with them."""
        return f"{self.url('today')}?day={day:%Y-%m-%d}"
