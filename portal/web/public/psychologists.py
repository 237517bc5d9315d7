"""The psychologists as the website lists them: two queries, of the diary, however many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse

from portal.clinic.models import ClinicSettings, Location, Mode, Psychologist, Service
from portal.common.text.normalise import fold
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
    def url(self) -> str:
        return reverse("public:psychologist", args=[self.person.slug])

    @property
    def modes(self) -> list[Mode]:
        ways = {mode for service in self.services for mode in self.person.modes_for(service)}
        return [mode for mode in Mode if mode in ways]

    def called(self, typed: str) -> bool:
        """Whether each word that was typed begins a word of the name, whatever the accents."""
        names = fold(self.person.name).replace("-", " ").split()
        return all(any(name.startswith(word) for name in names) for word in fold(typed).replace("-", " ").split())


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
