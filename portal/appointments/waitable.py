"""For which services somebody may wait, and whether a time that would help them can ever come.

Both before they join: a wish that no time can meet waits in silence until its last day. Who may book what is
`eligibility`'s to say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Final

from portal.appointments.eligibility import Standing, why_not_wait
from portal.appointments.hours import weekly_hours
from portal.appointments.models import TimeSlot
from portal.appointments.models.hours import end_minute
from portal.appointments.openings import Hours
from portal.appointments.parts_of_day import PartOfDay
from portal.clinic import kept
from portal.clinic.models import ClinicSettings, Location, Psychologist, Service

# The hours of the clock, in minutes, in which a session that is in this part of the day begins.
_PARTS: Final = {
    part: range(start * 60, end * 60)
    for part, start, end in (
        (PartOfDay.MORNING, 0, 12),
        (PartOfDay.AFTERNOON, 12, 17),
        (PartOfDay.EVENING, 17, 24),
    )
}


def services_for(people: Iterable[Standing], services: Iterable[Service], *, clinic: ClinicSettings) -> list[Service]:
    """Of these services those that any of the people may wait for; what the first of them may, first."""
    asked = list(people)
    may = [
        (service, [not why_not_wait(service, standing, clinic=clinic) for standing in asked]) for service in services
    ]
    found = [(service, fits) for service, fits in may if any(fits)]
    # Somebody new begins with what is for new people.
    found.sort(key=lambda each: (not each[1][0], not each[0].first_visit_only))
    return [service for service, _fits in found]


def can_come(
    service: Service,
    standing: Standing,
    *,
    psychologists: Collection[Psychologist],
    location: Location | None,
    modes: Collection[str],
    weekdays: Collection[int],
    parts: Collection[str],
    today: date,
    ends_on: date,
) -> bool:
    """Whether anybody it may be with ever works so, by the weekly hours or by extra time. One query at most.

    No psychologist means anybody who gives the service. Leave and closures are not asked: they pass, or are taken back.
    """
    people = [
        person
        for person in kept.giving(service)
        if (not psychologists or person in psychologists) and (person.accepting_patients or person.pk in standing.seen)
    ]
    places = kept.places()
    ways_of = {person.pk: {str(way) for way in person.modes_for(service)} & set(modes) for person in people}
    wanted = [_PARTS[PartOfDay(part)] for part in parts]

    def helps(hours: Hours, ways: set[str]) -> bool:
        begins = hours.starts.hour * 60 + hours.starts.minute
        latest = end_minute(hours.ends) - service.minutes
        return (
            hours.weekday in weekdays
            and (location is None or hours.location_id == location.pk)
            and bool(ways & hours.modes if hours.modes else ways)
            and (hours.valid_from is None or hours.valid_from <= ends_on)
            and (hours.valid_until is None or hours.valid_until >= today)
            and any(begins < part.stop and latest >= part.start for part in wanted)
            and begins <= latest
        )

    if any(helps(hours, ways_of[person.pk]) for person in people for hours in weekly_hours().get(person.pk, ())):
        return True
    extra = TimeSlot.objects.filter(
        kind=TimeSlot.Kind.EXTRA, psychologist__in=[pk for pk, ways in ways_of.items() if ways]
    )
    for slot in extra:
        place = places.get(slot.location_id or 0)
        if place is None or (location is not None and place.pk != location.pk):
            continue
        first, last = slot.starts_at, slot.ends_at - timedelta(minutes=service.minutes)
        day = place.day_of(first)
        if first <= last and today <= day <= ends_on and day.weekday() in weekdays:
            local, until = first.astimezone(place.zone), last.astimezone(place.zone)
            begins, latest = local.hour * 60 + local.minute, until.hour * 60 + until.minute
            if place.day_of(last) != day or any(begins < part.stop and latest >= part.start for part in wanted):
                return True
    return False
