"""In whose room the list stands: whose work it shows, and where each kind of it leads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.functional import Promise

from portal.common.access.actors import Actor
from portal.journeys.to_do.kinds import (
    AHEAD_HELD,
    BULK_REJECTED,
    BUSY_THEN,
    DEBT_TO_RING,
    DOUBLED,
    FEE_UNDECIDED,
    INSTALMENT_MISSED,
    LEFT,
    MESSAGE_LEFT_BEHIND,
    MESSAGE_WAITS,
    NOT_BILLED_AGAIN,
    OF_STRANDED,
    OF_STRANDED_NAMES,
    OFFER_UNREACHED,
    PLACE_CLOSED,
    REQUESTED,
    SESSION_OPEN,
    STRANDED,
    TO_TELL,
    UNDELIVERED,
)
from portal.journeys.to_do.lines import Line
from portal.worklist.models import ToDo, ToDoQuerySet

# Where the desk's work is done, by its kind: managers cover the desk, and are led to the same pages.
DESKS_PAGES: Mapping[str, str] = {
    UNDELIVERED.name: "reception:notice",
    SESSION_OPEN.name: "reception:appointment",
    NOT_BILLED_AGAIN.name: "reception:appointment",
    STRANDED.name: "reception:appointment",
    LEFT.name: "reception:appointment",
    PLACE_CLOSED.name: "reception:appointment",
    AHEAD_HELD.name: "reception:appointment",
    BULK_REJECTED.name: "reception:appointment",
    FEE_UNDECIDED.name: "reception:fee",
    BUSY_THEN.name: "reception:appointment",
    REQUESTED.name: "reception:answer",
    TO_TELL.name: "reception:appointment",
    DOUBLED.name: "reception:compare",
    OFFER_UNREACHED.name: "reception:patient",
    MESSAGE_WAITS.name: "reception:thread",
    INSTALMENT_MISSED.name: "reception:one_plan",
    DEBT_TO_RING.name: "reception:patient",
    MESSAGE_LEFT_BEHIND.name: "reception:write_to",
}


# Where all of a kind are decided about together.
TOGETHER: Mapping[str, str] = {kind.name: "reception:stranded" for kind in OF_STRANDED}


class Lead(NamedTuple):
    """Work that has a page of its own and stands on no list: how much there is, in words, and where."""

    words: str
    url: str


def _none(_actor: Actor, _now: datetime) -> Sequence[Lead]:
    return ()


@dataclass(frozen=True, slots=True)
class Room:
    """`namespace` is the audience's; `whose` narrows what its people may see to what stands on this room's list.

    `addresses` has, for each kind, the name of the page that takes the code of what the work is about.
    """

    namespace: str
    whose: Callable[[ToDoQuerySet, datetime], ToDoQuerySet]
    addresses: Mapping[str, str]
    # Where what there is to do about a kind is another thing here than at the desk.
    advice: Mapping[str, Promise] = field(default_factory=dict)
    # The name of the page on which all of a kind are done together, for those that have one.
    together: Mapping[str, str] = field(default_factory=dict)
    # What else waits for whoever asks.
    leads: Callable[[Actor, datetime], Sequence[Lead]] = _none

    def may_touch(self, actor: Actor) -> ToDoQuerySet:
        """What a form of this room may name, done or not: an old page is told so."""
        return ToDo.objects.visible_to(actor)

    def listed(self, actor: Actor, *, now: datetime) -> ToDoQuerySet:
        """What stands on its list, the most pressing first; a session that can't be held, once."""
        return (
            self.whose(self.may_touch(actor), now).still_open().once_of(*OF_STRANDED_NAMES).most_pressing_first(now=now)
        )

    def url(self, name: str, *args: Any) -> str:
        return reverse(f"{self.namespace}:{name}", args=args)

    def together_at(self, kind: str) -> str:
        """Where all of a kind are done together; empty where each is done by itself."""
        return reverse(self.together[kind]) if kind in self.together else ""

    def address_of(self, line: Line) -> str:
        """Where the work is done; empty where this room has no page for it, or what it is about is not to be seen."""
        name = self.addresses.get(line.to_do.kind)
        return reverse(name, args=[line.code]) if name and line.subject else ""
