"""What readers see before they book."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from portal.appointments import diary
from portal.clinic.models import ClinicSettings, Location, Psychologist, Service
from portal.common.pagecache import for_readers
from portal.common.policy import open_to_all
from portal.journeys import choosing, pricing
from portal.medicare import schedule


def price_list(
    services: list[Service], psychologists: list[Psychologist], *, now: datetime
) -> list[pricing.PriceRange]:
    """What each service costs; `psychologists` need their services prefetched."""
    clinic, today = ClinicSettings.current(), timezone.localdate(now)
    items = schedule.items_for_individuals(on=today)
    prices = (
        pricing.price_range(
            service=service,
            psychologists=[p for p in psychologists if not p.services.all() or service in p.services.all()],
            mode=service.modes[0],
            on=today,
            clinic=clinic,
            items=items,
        )
        for service in services
    )
    return [price for price in prices if price]


def _psychologists() -> Any:
    return (
        Psychologist.objects.practising()
        .select_related("user")
        .prefetch_related("specialisations", "languages", "services")
    )


@dataclass(frozen=True, slots=True)
class Card:
    """A psychologist as the front page and the list show them."""

    name: str
    headline: str
    photo: str
    languages: list[str]
    url: str
    accepting_patients: bool
    free_soon: bool

    @classmethod
    def of(cls, person: Psychologist, *, free_soon: bool) -> Card:
        return cls(
            name=person.name,
            headline=f"{person.get_registration_display()} · {person.headline}".removesuffix(" · "),
            photo=reverse("public:photo", args=[person.slug]) if person.photo else "",
            languages=[language.name for language in person.languages.all()],
            url=reverse("public:psychologist", args=[person.slug]),
            accepting_patients=person.accepting_patients,
            free_soon=free_soon,
        )


def _first_service(services: list[Service]) -> Service | None:
    """What somebody new books: the first visit, where there is one."""
    return next((s for s in services if s.first_visit_only), services[0] if services else None)


def _cards(psychologists: list[Psychologist], service: Service | None, *, now: datetime) -> list[Card]:
    free: set[int] = set()
    if service is not None:
        found = diary.openings_of(
            [p for p in psychologists if p.accepting_patients],
            service=service,
            first_day=timezone.localdate(now),
            days=7,
            now=now,
            policy=ClinicSettings.current(),
        )
        free = {pk for pk, openings in found.items() if openings}
    return [Card.of(p, free_soon=p.pk in free) for p in psychologists]


@for_readers(seconds=30)
@open_to_all(reason="the front page")
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    now, clinic = timezone.now(), ClinicSettings.current()
    psychologists = list(_psychologists())
    taking = [p for p in psychologists if p.accepting_patients]
    services = list(Service.objects.bookable_online())
    first = _first_service(services)
    times = []
    if first and taking:
        times = choosing.first_free_times(psychologists=taking, service=first, now=now, policy=clinic, count=3)
    context = {
        "psychologists": _cards(psychologists[:6], first, now=now),
        "services": price_list(services, taking, now=now),
        "first_service": first,
        "next_openings": times,
        "opening_note": first.name if first else "",
        "locations": _in_words([str(place) for place in Location.objects.filter(is_active=True)]),
    }
    return render(request, "public/home.html", context)


def _in_words(names: list[str]) -> str:
    """`Brunswick, Carlton and Perth`, as long as that stays readable."""
    if not names or len(names) > 3:
        return ""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {_('and')} {names[-1]}"


@for_readers()
@open_to_all(reason="what the clinic offers, and for how much")
@require_safe
def services(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    offered = list(Service.objects.offered())
    return render(request, "public/services.html", {"prices": price_list(offered, list(_psychologists()), now=now)})


@for_readers()
@open_to_all(reason="fees are told before anybody books")
@require_safe
def fees(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    offered = list(Service.objects.offered())
    return render(request, "public/fees.html", {"prices": price_list(offered, list(_psychologists()), now=now)})


@for_readers(seconds=30)
@open_to_all(reason="who works here")
@require_safe
def psychologists(request: HttpRequest) -> HttpResponse:
    people = list(_psychologists())
    first = _first_service(list(Service.objects.bookable_online()))
    return render(request, "public/psychologists.html", {"psychologists": _cards(people, first, now=timezone.now())})


@for_readers(seconds=30)
@open_to_all(reason="a public profile")
@require_safe
def psychologist(request: HttpRequest, slug: str) -> HttpResponse:
    """The profile: who they are, what they cost, and their next free times."""
    person = get_object_or_404(_psychologists(), slug=slug)
    now, clinic = timezone.now(), ClinicSettings.current()
    given = [s for s in Service.objects.bookable_online() if not person.services.all() or s in person.services.all()]
    first = given[0] if given else None
    times = []
    if first and person.accepting_patients:
        times = choosing.first_free_times(psychologists=[person], service=first, now=now, policy=clinic, count=4)
    context = {
        "person": person,
        "prices": price_list(given, [person], now=now),
        "first_service": first,
        "next_times": times,
        "locations": list({h.location_id: h.location for h in person.hours.select_related("location")}.values()),
        "book_url": reverse("public:book") + f"?psychologist={person.slug}",
    }
    return render(request, "public/psychologist.html", context)


@open_to_all(reason="the photo of a public profile")
@cache_control(public=True, max_age=3600)
@require_safe
def photo(request: HttpRequest, slug: str) -> HttpResponse:
    """Uploads have no address of their own; a photo that profiles re-encoded is safe to show to anybody."""
    person = get_object_or_404(Psychologist.objects.practising().exclude(photo=""), slug=slug)
    try:
        return FileResponse(person.photo.open("rb"))
    except FileNotFoundError:
        raise Http404 from None


@open_to_all(reason="the logo stands on every page")
@cache_control(public=True, max_age=3600)
@require_safe
def logo(request: HttpRequest) -> HttpResponse:
    """The clinic's logo, re-encoded when it was uploaded."""
    picture = ClinicSettings.current().logo
    if not picture:
        raise Http404
    try:
        return FileResponse(picture.open("rb"))
    except FileNotFoundError:
        raise Http404 from None
