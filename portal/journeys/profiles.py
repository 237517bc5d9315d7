"""Presenting psychologists: what each is booked for, when they are free next, what it costs, what they wrote.

The website shows it, and the psychologist's own room previews it before it is saved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils.translation import get_language

from portal.accounts.models import User
from portal.appointments import diary
from portal.appointments.hours import weekly_hours
from portal.billing import charges
from portal.billing.charges import Quote
from portal.clinic import kept
from portal.clinic.booking_rules import rules_of
from portal.clinic.models import ClinicSettings, Language, Location, Mode, Psychologist, Service, Specialisation
from portal.journeys.choosing import FreeTime, as_free_time, open_places
from portal.medicare import schedule
from portal.medicare.models import MbsItem
from portal.resources.models import BlogPost

# How far a page looks for the next free times at first, in days, and what it calls "this week".
FORTNIGHT, A_WEEK, THIS_WEEK = 14, 8, timedelta(days=7)
TIMES_SHOWN = 6
ARTICLES_SHOWN = 3


def services_of(person: Psychologist, offered: Sequence[Service], *, mode: str = "") -> list[Service]:
    """What somebody gives of what the clinic offers, in the way asked for or in any.

    One who names no service has all, but nobody gives what they share no way of meeting with. Needs their services
    prefetched.
    """
    named = {service.pk for service in person.services.all()}
    had = [service for service in offered if not named or service.pk in named]
    return [service for service in had if (ways := person.modes_for(service)) and (not mode or mode in ways)]


def places_of(person: Psychologist) -> list[Location]:
    """Where somebody works by their weekly hours, in the clinic's order.

    Who meets nobody in person can be met nowhere, although their hours name a place.
    """
    if not person.in_person:
        return []
    named = {window.location_id for window in weekly_hours().get(person.pk, ())}
    return [place for place in kept.places().values() if place.pk in named]


def first_service(given: Iterable[Service]) -> Service | None:
    """What somebody new books: the first visit where there is one."""
    fitting = [service for service in given if service.online]
    return next((service for service in fitting if service.first_visit_only), fitting[0] if fitting else None)


def coming_times(
    people: Sequence[Psychologist],
    *,
    services: Mapping[int, Service],
    now: datetime,
    clinic: ClinicSettings,
    mode: str = "",
    location: Location | None = None,
    days: int = FORTNIGHT,
) -> dict[int, list[FreeTime]]:
    """The first free time of each of the next `days`, by psychologist's id, for the service that each is booked for.

    Looks at everybody in one pass, and in a second one up to the horizon at those who have no time in those days: as
    many queries for thirty psychologists as for one.
    """
    asked = [p for p in people if p.accepting_patients and p.pk in services]
    places = open_places()
    found: dict[int, list[FreeTime]] = {p.pk: [] for p in people}
    today = clinic.today(now)
    furthest = max((rules_of(services[p.pk], clinic=clinic).horizon.days for p in asked), default=0)
    for first_day, length in (
        (today, days),
        (today + timedelta(days=days), max(furthest - days + 1, 0)),
    ):
        waiting = [p for p in asked if not found[p.pk]]
        openings = diary.openings_of(
            waiting, service=services, first_day=first_day, days=length, now=now, clinic=clinic, mode=mode or None
        )
        for psychologist in waiting:
            seen: set[date] = set()
            for opening in openings[psychologist.pk]:
                place = places.get(opening.location_id)
                if place is None or (location is not None and place.pk != location.pk):
                    continue
                there = place.day_of(opening.starts_at)
                if there not in seen:
                    seen.add(there)
                    found[psychologist.pk].append(as_free_time(psychologist, opening, places, mode=mode or None))
    return found


def is_this_week(free: FreeTime | None, *, now: datetime) -> bool:
    """Whether a time is within seven days from now."""
    return free is not None and free.starts_at <= now + THIS_WEEK


# ---- A profile -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fee:
    """What one service costs with this person, in the ways that cost the same."""

    service: Service
    modes: list[Mode]
    quote: Quote
    # Medicare has a number of its own for each way.
    items: list[str]


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything that a profile page shows."""

    person: Psychologist
    specialisations: list[Specialisation]
    languages: list[Language]
    fees: list[Fee]
    places: list[Location]
    service: Service | None
    mode: Mode | None
    times: list[FreeTime]
    articles: list[BlogPost]
    is_preview: bool

    @property
    def has_rebate(self) -> bool:
        return any(fee.quote.rebate is not None for fee in self.fees)

    @property
    def modes(self) -> list[Mode]:
        """The ways in which a first session can be booked."""
        return self.person.modes_for(self.service) if self.service else []

    @property
    def ways(self) -> list[Mode]:
        """The ways in which anything that can be booked is given."""
        given = {mode for fee in self.fees if fee.service.online for mode in fee.modes}
        return [mode for mode in Mode if mode in given]


def fees_of(
    person: Psychologist, services: Iterable[Service], *, on: date, clinic: ClinicSettings, items: Sequence[MbsItem]
) -> list[Fee]:
    """Each service's price; ways of holding it that cost the same stand together."""
    found: list[Fee] = []
    for service in services:
        by_price: dict[tuple[Decimal, Decimal | None], Fee] = {}
        for mode in person.modes_for(service):
            quote = charges.quote(service=service, psychologist=person, mode=mode, on=on, clinic=clinic, items=items)
            fee = by_price.setdefault((quote.total, quote.rebate), Fee(service, [], quote, []))
            fee.modes.append(mode)
            if quote.item:
                fee.items.append(quote.item.item)
        found.extend(by_price.values())
    return found


def profile_of(
    person: Psychologist,
    *,
    now: datetime,
    clinic: ClinicSettings | None = None,
    mode: str = "",
    specialisations: Sequence[Specialisation] | None = None,
    languages: Sequence[Language] | None = None,
    is_preview: bool = False,
) -> Profile:
    """What the profile of `person` shows, who may hold changes that are not saved.

    Specialisations and languages stand in tables of their own: those of a form that is not saved are given apart.
    A preview shows no free times, since nobody books from it.
    """
    clinic = clinic or ClinicSettings.current()
    today = clinic.today(now)
    offered = kept.offered_services()
    given = services_of(person, offered)
    service = first_service(services_of(person, offered, mode=mode)) or first_service(given)
    chosen = None
    if service:
        ways = person.modes_for(service)
        chosen = next((m for m in ways if m == mode), ways[0])
    times: list[FreeTime] = []
    if service and not is_preview:
        times = coming_times([person], services={person.pk: service}, now=now, clinic=clinic, mode=chosen or "")[
            person.pk
        ]
    return Profile(
        person=person,
        specialisations=list(person.topics if specialisations is None else specialisations),
        languages=list(person.languages.all() if languages is None else languages),
        fees=fees_of(person, given, on=today, clinic=clinic, items=schedule.items_for_individuals(on=today)),
        places=places_of(person),
        service=service,
        mode=chosen,
        times=times[:TIMES_SHOWN],
        articles=articles(now=now, author=person.user, count=ARTICLES_SHOWN),
        is_preview=is_preview,
    )


# What an article in short shows, and no column more.
_IN_SHORT = (
    "title",
    "slug",
    "summary",
    "language",
    "words",
    *(f"author__{name}" for name in ("first_name", "last_name", "email")),
)


def articles(*, now: datetime, author: User | None = None, count: int = ARTICLES_SHOWN) -> list[BlogPost]:
    """The latest articles, of everybody or of one author; those in the language of the page come first."""
    readable = BlogPost.objects.readable(now).select_related("author").newest_first()
    readable = readable.only(*_IN_SHORT)
    if author is not None:
        readable = readable.filter(author=author)
    language = get_language() or ""
    # A few more than are shown, so that one in the reader's language may come before newer ones in another.
    return sorted(readable[: count * 4], key=lambda post: post.language != language)[:count]
