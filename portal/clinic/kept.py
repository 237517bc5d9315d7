"""The clinic as it stands, kept in the process: its places, rooms, services and psychologists, in their usual order.

Whoever changes one of them, or wants more of it than lists show, reads the row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from portal.accounts.models import User
from portal.clinic.models import (
    Language,
    Location,
    OwnFee,
    Psychologist,
    PsychologistSpecialisation,
    Room,
    Service,
    Specialisation,
)
from portal.common.kept import kept

# What only a profile's own page and form show: it is long.
_OF_ONE_PROFILE = ("bio", "qualifications", "photo_source", "photo_box")
# What cards of profiles show besides.
_OF_PROFILES = ("headline", "photo", *_OF_ONE_PROFILE)


@kept(Location)
def places() -> Mapping[int, Location]:
    """Every location by its id, also those that are no longer used."""
    return {place.pk: place for place in Location.objects.order_by("position", "name", "pk")}


@kept(Room)
def rooms() -> Mapping[int, tuple[int, ...]]:
    """The ids of the rooms in use, by their location's, in the order of their names."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    rows = Room.objects.filter(is_active=True).order_by("name", "pk")
    for room, location in rows.values_list("pk", "location"):
        found[location].append(room)
    return {location: tuple(ids) for location, ids in found.items()}


@kept(Room, Location)
def every_room() -> Sequence[Room]:
    """Every room, place by place, also those that are no longer used."""
    return list(Room.objects.order_by("location__position", "location__name", "name", "pk"))


@kept(Room)
def room_names() -> Mapping[int, str]:
    """What every room is called, by its id, also those that are no longer used."""
    return dict(Room.objects.order_by().values_list("pk", "name"))


@kept(Service)
def services() -> Mapping[int, Service]:
    """Every service by its id, also those that are no longer offered."""
    return {service.pk: service for service in Service.objects.order_by("position", "name", "pk")}


def offered_services() -> list[Service]:
    """As `Service.objects.offered()`."""
    return [service for service in services().values() if service.is_active]


def services_online() -> list[Service]:
    """As `Service.objects.bookable_online()`."""
    return [service for service in offered_services() if service.online]


@kept(Psychologist, User, OwnFee)
def psychologists() -> Mapping[int, Psychologist]:
    """Everybody who practises or practised here, by their id: with their name and fees and without their profile."""
    shown = [f.name for f in Psychologist._meta.concrete_fields if f.name not in _OF_PROFILES]
    rows = Psychologist.objects.select_related("user").prefetch_related("own_fees")
    rows = rows.only(*shown, "user__first_name", "user__last_name", "user__is_active")
    return {psychologist.pk: psychologist for psychologist in rows}


@kept(
    Psychologist,
    User,
    OwnFee,
    Service,
    Psychologist.services.through,
    PsychologistSpecialisation,
    Specialisation,
    Psychologist.languages.through,
    Language,
)
def practising() -> Sequence[Psychologist]:
    """Everybody who practises here, in the clinic's order, with what cards of profiles show and filters look at."""
    shown = [f.name for f in Psychologist._meta.concrete_fields if f.name not in _OF_ONE_PROFILE]
    rows = Psychologist.objects.practising().select_related("user")
    rows = rows.only(*shown, "user__first_name", "user__last_name")
    return list(rows.prefetch_related("focuses", "languages", "services", "own_fees"))


@kept(Psychologist.services.through)
def named_services() -> Mapping[int, frozenset[int]]:
    """The ids of the services that a psychologist's profile names, by theirs; who names none is not in it."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    for psychologist, service in Psychologist.services.through.objects.values_list("psychologist", "service"):
        found[psychologist].add(service)
    return {psychologist: frozenset(ids) for psychologist, ids in found.items()}


def is_named(psychologist: int, service: Service) -> bool:
    """Whether a psychologist's profile has the service; as `Psychologist.objects.naming` says, one that names none has
    all."""
    named = named_services().get(psychologist)
    return named is None or service.pk in named


def given_by(psychologist: Psychologist) -> list[Service]:
    """What can be booked with somebody: the services of theirs that are offered, and held in some way."""
    return [
        service
        for service in offered_services()
        if is_named(psychologist.pk, service) and psychologist.modes_for(service)
    ]


def giving(service: Service) -> list[Psychologist]:
    """Who gives this service, whether or not they take new patients; as `Psychologist.objects.offering(service)`."""
    return [
        person
        for person in psychologists().values()
        if person.is_active and person.modes_for(service) and is_named(person.pk, service)
    ]


def taking_bookings(service: Service) -> list[Psychologist]:
    """Who takes new patients and gives this service; as `Psychologist.objects.taking_bookings().offering(service)`."""
    return [person for person in giving(service) if person.accepting_patients]
