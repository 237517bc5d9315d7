"""What readers see before they book."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from portal.clinic import kept
from portal.clinic.booking_rules import cancel_hours_of_all, hold_minutes_of_all
from portal.clinic.models import ClinicSettings, Mode, Psychologist, Service
from portal.common.access.decorators import open_to_all
from portal.common.kept import drawn
from portal.common.web.pagecache import for_readers
from portal.journeys import pricing, profiles
from portal.journeys.choosing import FreeTime, open_places
from portal.medicare import schedule
from portal.medicare.models import MbsItem
from portal.web.public import schema_org
from portal.web.public.psychologists import Found, look_at
from portal.website import crisis as clinic_crisis
from portal.website.texts import STATEMENT_OF, Texts, own_words

# On the front page: times beside the welcome, people below it.
TIMES_SHOWN, PEOPLE_SHOWN = 3, 6


@dataclass(frozen=True, slots=True)
class Offer:
    """A service as its page shows it: what it costs, and who gives it."""

    service: Service
    price: pricing.PriceRange
    people: list[Psychologist]


def price_list(
    services: Sequence[Service], psychologists: Sequence[Psychologist], *, today: date
) -> list[pricing.PriceRange]:
    """What each service costs; `psychologists` need their services prefetched."""
    clinic = ClinicSettings.current()
    items = schedule.items_for_individuals(on=today)
    prices = (
        pricing.price_range(
            service=service,
            psychologists=[p for p in psychologists if profiles.services_of(p, [service])],
            on=today,
            clinic=clinic,
            items=items,
        )
        for service in services
    )
    return [price for price in prices if price]


@for_readers(seconds=30)
@open_to_all(reason="the front page")
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    now, clinic = timezone.now(), ClinicSettings.current()
    offered = kept.services_online()
    everybody = look_at(kept.practising(), offered=offered, now=now, clinic=clinic)
    taking = [found for found in everybody if found.person.accepting_patients]
    first, places = profiles.first_service(offered), list(open_places().values())
    context = {
        "front": _front(clinic.today(now), get_language() or ""),
        "people": everybody[:PEOPLE_SHOWN],
        "first_service": first,
        "next_openings": _soonest([f for f in taking if profiles.first_service(f.services) == first], first),
        "places": places,
        "articles": profiles.articles(now=now),
        "json_ld": [schema_org.organisation(clinic, places)],
    }
    return render(request, "public/home.html", context)


# The partials of the front page that look the same until something of the clinic changes.
STANDING = ("welcome", "first_session", "who", "costs", "answers")


@drawn(kept.practising, kept.services, kept.places, ClinicSettings, MbsItem, own_words)
def _front(today: date, language: str) -> Mapping[str, SafeString]:
    people, offered, clinic = kept.practising(), kept.services_online(), ClinicSettings.current()
    first = profiles.first_service(offered)
    prices = price_list(offered, [person for person in people if person.accepting_patients], today=today)
    context = {
        "hold_minutes": hold_minutes_of_all(offered, clinic=clinic),
        "cancel_hours": cancel_hours_of_all(offered, clinic=clinic),
        "site_texts": Texts(language),
        "prices": prices,
        "first_service": first,
        "first_price": next((price for price in prices if price.service == first), None),
        "places": list(open_places().values()),
        "has_video": any(
            Mode.VIDEO in person.modes_for(service)
            for person in people
            for service in profiles.services_of(person, offered)
        ),
    }
    return {part: render_to_string(f"public/home.html#{part}", context) for part in STANDING}


def _soonest(people: list[Found], service: Service | None) -> list[tuple[FreeTime, Mode]]:
    """The next few times worth showing: the first of each psychologist's days, not one morning's every half hour.

    Each with the first way in which its psychologist gives `service` then: that is what pressing it books.
    """
    if service is None:
        return []
    coming = [
        (free, next(way for way in found.person.modes_for(service) if not free.ways or way in free.ways))
        for found in people
        for free in found.times
    ]
    return sorted(coming, key=lambda each: each[0].starts_at)[:TIMES_SHOWN]


@for_readers()
@open_to_all(reason="what the clinic offers, and for how much")
@require_safe
def services(request: HttpRequest) -> HttpResponse:
    today = ClinicSettings.current().today(timezone.now())
    return render(request, "public/services.html", {"offers": _offers(today, get_language() or "")})


@drawn(kept.practising, kept.services, ClinicSettings, MbsItem, own_words)
def _offers(today: date, language: str) -> SafeString:
    people, offered = kept.practising(), kept.offered_services()
    prices = {price.service.pk: price for price in price_list(offered, people, today=today)}
    context = {
        "clinic": ClinicSettings.current(),
        "site_texts": Texts(language),
        "offers": [
            Offer(
                service=service,
                price=prices[service.pk],
                people=[p for p in people if service in profiles.services_of(p, offered)],
            )
            for service in offered
            if service.pk in prices
        ],
    }
    return render_to_string("public/_offers.html", context)


@for_readers()
@open_to_all(reason="who to call now must be found without an account")
@require_safe
def crisis(request: HttpRequest) -> HttpResponse:
    """Who to call now, by what somebody is in. Nothing on it needs script or a second request."""
    lines = clinic_crisis.lines()
    context = {"situations": clinic_crisis.by_situation(lines), "crisis_lines": lines}
    return render(request, "public/crisis.html", context)


@for_readers()
@open_to_all(reason="what works here for whom, and whom to tell when it doesn't")
@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    site_texts = Texts()
    changed = site_texts.changed_at("accessibility.")
    written_on = max(STATEMENT_OF, ClinicSettings.current().day_of(changed)) if changed else STATEMENT_OF
    return render(request, "public/accessibility.html", {"site_texts": site_texts, "written_on": written_on})


@open_to_all(reason="the logo stands on every page")
@cache_control(public=True, max_age=3600)
@require_safe
def logo(request: HttpRequest) -> FileResponse:
    """The clinic's logo, re-encoded when it was uploaded."""
    picture = ClinicSettings.current().logo
    if not picture.name:
        raise Http404
    try:
        # By the storage: the settings are kept for all requests, and what their own field opens is every thread's.
        return FileResponse(picture.storage.open(picture.name, "rb"))
    except FileNotFoundError:
        raise Http404 from None
