"""What closes time of a day, in words: leave by whose it is, closed days once for everybody, times taken elsewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from portal.appointments.calendars import DiaryDay, Elsewhere, Stretch
from portal.appointments.seating import RoomDay
from portal.clinic import kept
from portal.common.languages.times import clock, when_short


class Absence(NamedTuple):
    """`who` names the person or the places that it is of, and is empty where it goes without saying.

    `span` says from and until when, and is empty for the whole day; `tone` is how it is hatched.
    """

    label: str
    who: str
    span: str
    tone: str = "leave"

    @property
    def in_short(self) -> str:
        return f"{self.who}: {self.label}" if self.who else self.label


def absences(ones: Sequence[DiaryDay | RoomDay], *, zone: ZoneInfo, names_who: bool) -> list[Absence]:
    """Of one day of some people: a closed day once, with its places where others are open, then whose leave it is."""
    own = [
        Absence(a.slot.label or _("Away"), one.psychologist.name if names_who else "", _span(a, zone))
        for one in ones
        if isinstance(one, DiaryDay)
        for a in one.away
        if a.location is None
    ]
    return list(dict.fromkeys([*_closed(ones, zone), *own]))


def busy_elsewhere(one: DiaryDay, *, zone: ZoneInfo) -> list[Absence]:
    """When somebody has something else on, by calendars that they keep elsewhere."""
    return [Absence(elsewhere_in_words(e, zone), "", _span(e, zone), "elsewhere") for e in one.elsewhere]


def elsewhere_in_words(busy: Elsewhere, zone: ZoneInfo) -> str:
    """What is said of a time taken by another calendar: never what for."""
    if busy.as_of is None:
        return _("Busy elsewhere")
    return _("Busy elsewhere, as of %(when)s: may be out of date") % {"when": when_short(busy.as_of, zone)}


def _closed(ones: Sequence[DiaryDay | RoomDay], zone: ZoneInfo) -> Iterator[Absence]:
    places: defaultdict[str, set[int]] = defaultdict(set)
    spans: defaultdict[str, set[str]] = defaultdict(set)
    for away in (away for one in ones for away in one.away):
        if away.location is not None:
            places[away.slot.label].add(away.location.pk)
            spans[away.slot.label].add(_span(away, zone))
    everywhere = {work.location.pk for one in ones for work in one.work}.union(*places.values())
    for label, closed in places.items():
        who = "" if closed == everywhere else ", ".join(p.name for pk, p in kept.places().items() if pk in closed)
        # People's hours differ, and so does what of them a closed day takes.
        yield Absence(label, who, spans[label].pop() if len(spans[label]) == 1 else "")


def _span(stretch: Stretch, zone: ZoneInfo) -> str:
    """From and until when; empty for a whole day."""
    if stretch.minute == 0 and stretch.ends_at.date() > stretch.starts_at.date():
        return ""
    return f"{clock(stretch.starts_at, zone)} – {clock(stretch.ends_at, zone)}"
