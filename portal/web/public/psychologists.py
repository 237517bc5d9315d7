"""The psychologists as the website lists them: two queries, of the diary, however many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from portal.appointments.hours import weekly_hours
from portal.clinic import kept as clinic_kept
from portal.clinic.models import ClinicSettings, Location, Mode, Psychologist, Service
from portal.common.kept import drawn
from portal.common.languages.times import clock, day_short, within
from portal.common.text.names import is_called
from portal.common.web.stencils import Fill, Stencil
from portal.journeys import profiles
from portal.journeys.choosing import FreeTime


@dataclass(frozen=True, slots=True)
class Found:
    """A psychologist as lists show them: what they give, where they work, and the first free time of each day."""

    person: Psychologist
    services: list[Service]
    places: list[Location]
    times: list[FreeTime]
    free_soon: bool

    @property
    def next_time(self) -> FreeTime | None:
        return self.times[0] if self.times else None

    @property
    def modes(self) -> list[Mode]:
        ways = {mode for service in self.services for mode in self.person.modes_for(service)}
        return [mode for mode in Mode if mode in ways]

    @property
    def card(self) -> SafeString:
        """As a list shows them: all but when they are free is kept drawn."""
        free, language = self.next_time, get_language() or ""
        fill = _NEXT_FREE.look(accepting=self.person.accepting_patients, is_free=bool(free), soon=self.free_soon)
        at = (within(day_short(free.starts_at, free.zone)), clock(free.starts_at, free.zone)) if free else ("", "")
        return _card(self.person.pk, tuple(self.modes), language)((fill(at),))

    def called(self, typed: str) -> bool:
        """Whether each word that was typed begins a part of the name, however it is written."""
        return is_called(self.person.name, typed)


_CARD = Stencil("components/_person.html", holes="next_free")
_NEXT_FREE = Stencil("components/_next_free.html", holes="day time")


@drawn(clinic_kept.practising, clinic_kept.places, weekly_hours)
def _card(psychologist: int, modes: tuple[Mode, ...], language: str) -> Fill:
    """Fills a psychologist's card with when they are free; `modes` are named where they work at no place."""
    person = next(each for each in clinic_kept.practising() if each.pk == psychologist)
    url = reverse("public:psychologist", args=[person.slug])
    return _CARD.drawn_for(person=person, url=url, places=profiles.places_of(person), modes=modes)


def look_at(
    people: Sequence[Psychologist],
    *,
    offered: Sequence[Service],
    now: datetime,
    clinic: ClinicSettings,
    mode: str = "",
    location: Location | None = None,
) -> list[Found]:
    """What there is to know of each, the soonest free first; those with no time online come in the clinic's order.

    Somebody looking for help looks for a time: who has one comes before who is listed first.
    """
    given = {p.pk: profiles.services_of(p, offered) for p in people}
    fitting = {p.pk: profiles.services_of(p, offered, mode=mode) for p in people}
    first = {pk: service for pk, services in fitting.items() if (service := profiles.first_service(services))}
    times = profiles.coming_times(
        people, services=first, now=now, clinic=clinic, mode=mode, location=location, days=profiles.A_WEEK
    )
    found = []
    for person in people:
        coming = times[person.pk]
        found.append(
            Found(
                person=person,
                services=given[person.pk],
                places=profiles.places_of(person),
                times=coming,
                free_soon=profiles.is_this_week(coming[0] if coming else None, now=now),
            )
        )
    return sorted(found, key=_soonest_first)


def _soonest_first(found: Found) -> tuple[Any, ...]:
    """Python's sort keeps the order of those who are alike, which is the clinic's."""
    if found.next_time:
        return (0, found.next_time.starts_at)
    return (1 if found.person.accepting_patients else 2,)
