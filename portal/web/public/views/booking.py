"""Booking in the browser: a service, then a time. Every step is a page of its own and works without script."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from portal.appointments.models import Appointment
from portal.appointments.parts_of_day import PartOfDay
from portal.appointments.refusals import NotOffered, SlotTaken
from portal.clinic import kept
from portal.clinic.booking_rules import rules_of
from portal.clinic.models import ClinicSettings, Location, Mode, Psychologist, Service
from portal.common.access.decorators import open_to_all
from portal.common.access.same_origin import from_our_own_pages
from portal.common.web.htmx import htmx_of, page_or_fragment, redirect_to
from portal.journeys import choosing, clocks, own_sessions, pricing, profiles, returning, who_books
from portal.journeys.online import ahead
from portal.journeys.own_sessions import OwnSessions
from portal.journeys.times_form import kept_in_links
from portal.web.public import held_time, refused
from portal.web.public.forms import Choice, Preference, TimeChoice


@open_to_all(reason="anybody may see what can be booked")
@require_safe
def services(request: HttpRequest) -> HttpResponse:
    """Step one: what for."""
    offered = kept.services_online()
    chosen = Preference.read(request.GET)
    taking = [person for person in kept.practising() if person.accepting_patients]
    psychologist = next((p for p in taking if p.slug == chosen), None)
    if psychologist:
        offered, taking = profiles.services_of(psychologist, offered), [psychologist]
    giving = {s.pk: [p for p in taking if profiles.services_of(p, [s])] for s in offered}
    clinic = ClinicSettings.current()
    offers = [
        (service, choosing.ways_to_meet(giving[service.pk], service), rules_of(service, clinic=clinic).who)
        for service in offered
    ]
    is_known = _is_known(request, now=timezone.now())
    if is_known:
        # What they can book comes first; the rest may be for somebody new whom they care for.
        offers.sort(key=lambda offer: offer[0].first_visit_only)
    return render(request, "public/book.html", {"offers": offers, "psychologist": psychologist, "is_known": is_known})


def _is_known(request: HttpRequest, *, now: datetime) -> bool:
    return request.user.is_authenticated and returning.has_been_here(request.user, now=now)


def _own(request: HttpRequest, *, now: datetime) -> OwnSessions:
    """What this account's people have already."""
    return own_sessions.of_account(request.user, now=now) if request.user.is_authenticated else choosing.NOBODYS


def _first_visits(request: HttpRequest, *, now: datetime) -> list[Appointment]:
    """Those that this account's people have ahead."""
    return returning.first_visits_ahead(request.user, now=now) if request.user.is_authenticated else []


@open_to_all(reason="free times are public; a time held belongs to this visitor's session alone")
@from_our_own_pages
@require_http_methods(["GET", "HEAD", "POST"])
def times(request: HttpRequest, service: str) -> HttpResponse:
    """Step two: when, and with whom. A time that is pressed is held, and the next page asks who it is for."""
    offered = next((s for s in kept.services().values() if s.slug == service and s.is_active and s.online), None)
    if offered is None:
        raise Http404
    user = request.user if request.user.is_authenticated else None
    now = timezone.now()
    if barred := who_books.barred(offered, user=user, clinic=ClinicSettings.current(), now=now):
        return _not_for_them(request, offered, barred, now=now)
    psychologists = returning.taking_bookings(offered, user=user)
    if request.method == "POST":
        return _hold(request, offered, psychologists, now=now)
    choice = Choice.read(_asked_for(request, offered, psychologists), service=offered, psychologists=psychologists)
    taken = None
    if choice["taken"]:
        taken = _taken(offered, _wanted(choice, psychologists), choice["mode"], *choice["taken"], now=now)
    return _calendar(request, offered, psychologists, choice, taken=taken, now=now)


def _not_for_them(request: HttpRequest, service: Service, barred: str, *, now: datetime) -> HttpResponse:
    """Says for whom the service is before anybody chooses a time, and what somebody new books."""
    if request.method == "POST" or htmx_of(request):
        return redirect_to(request, reverse("public:times", args=[service.slug]))
    clinic = ClinicSettings.current()
    context = {
        "service": service,
        "barred": barred,
        "first_visits": _first_visits(request, now=now),
        "instead": who_books.for_somebody_new(clinic=clinic),
        "step": 2,
    }
    return render(request, "public/not_for_you.html", context)


def _asked_for(request: HttpRequest, service: Service, psychologists: list[Psychologist]) -> QueryDict:
    """What the address asks for; where it names nobody, not even anybody, somebody who has been here sees their own."""
    asked = request.GET
    if "psychologist" in asked or service.first_visit_only or not request.user.is_authenticated:
        return asked
    own = returning.own_psychologist(request.user, among=psychologists)
    if own is None or ("mode" in asked and asked["mode"] not in own.modes_for(service)):
        return asked
    chosen = asked.copy()
    chosen["psychologist"] = own.slug
    return chosen


def _calendar(
    request: HttpRequest,
    service: Service,
    psychologists: list[Psychologist],
    choice: dict[str, Any],
    *,
    now: datetime,
    taken: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    clinic = ClinicSettings.current()
    monday = choice["week"] or choice["near"] or choosing.monday_of(clinic.today(now))
    wanted = _wanted(choice, psychologists)
    if len(wanted) > 1:
        wanted = choosing.in_turn(wanted, service=service, monday=monday)
    own = _own(request, now=now)
    full = own.why_no_more(service, clinic=clinic)
    week = choosing.week_of_times(
        psychologists=wanted,
        service=service,
        monday=monday,
        now=now,
        clinic=clinic,
        mode=choice["mode"],
        location=choice["place"],
        part=choice["part"],
        day=choice["day"],
        own=own,
        is_asked_for=choice["week"] is not None,
    )
    price = pricing.price_range(
        service=service, psychologists=wanted, mode=choice["mode"], on=week.monday, clinic=clinic
    )
    if len(wanted) > 1 and price:
        near = taken["nearest"] if taken else []
        choosing.name_who([*week.times, *near], fees=price.totals)
    clock = clocks.in_force(choice["zone"], clocks.patient_of(request.user) if request.user.is_authenticated else None)
    context = {
        "clinic": clinic,
        "service": service,
        "rules": rules_of(service, clinic=clinic),
        "pays_ahead": ahead.may_be_asked(service, clinic=clinic),
        "psychologists": psychologists,
        "choice": choice,
        "modes": choosing.ways_to_meet(psychologists, service),
        "mode": Mode(choice["mode"]),
        "other_ways": _other_ways(choice, service, wanted),
        "week": week,
        "today": clinic.today(now),
        "query": _query(choice).urlencode(),
        "wider": _wider(choice),
        "wait_url": _wait_url(service, choice["psychologist"]),
        "clock": week.other_clock(clock),
        # Of the form above the times, which the fragment leaves as it is.
        "places": partial(_places, psychologists, service),
        "parts": list(PartOfDay),
        "zone": clock,
        "clocks": partial(clocks.offered, clock),
        "price": price,
        "taken": taken,
        "instead": returning.services_for(wanted) if service.first_visit_only and _is_known(request, now=now) else [],
        "full": refused.in_words(full, None, None) if full else "",
        "first_visits": _first_visits(request, now=now) if service.first_visit_only else [],
        "step": 2,
    }
    return page_or_fragment(request, "public/times.html", context, fragment="times", status=status)


def _query(choice: Mapping[str, Any]) -> QueryDict:
    """What is chosen on the page, as its links keep it: all but the week and the day."""
    query = QueryDict(mutable=True)
    query["psychologist"] = choice["psychologist"].slug if choice["psychologist"] else "any"
    query["mode"] = choice["mode"]
    query.update(kept_in_links(choice))
    return query


def _back_to(service: Service, choice: Mapping[str, Any], *, to: date | None = None) -> str:
    """The page of times as it was narrowed, on the day `to` where a time was pressed."""
    query = _query(choice)
    day = to or choice["day"]
    if day or choice["week"]:
        query["week"] = f"{choosing.monday_of(day) if day else choice['week']:%Y-%m-%d}"
    if day:
        query["day"] = f"{day:%Y-%m-%d}"
    return f"{reverse('public:times', args=[service.slug])}?{query.urlencode()}"


def _wider(choice: Mapping[str, Any]) -> str:
    """The query of all times of this way to meet; empty where nothing was narrowed."""
    narrowing = ("psychologist", "place", "part")
    if not any(choice[name] for name in narrowing):
        return ""
    return _query({**choice, **dict.fromkeys(narrowing)}).urlencode()


def _wait_url(service: Service, psychologist: Psychologist | None) -> str:
    """Where somebody whom no free time suits waits for one, with whom they chose."""
    url = reverse("public:wait", args=[service.slug])
    return f"{url}?{urlencode({'psychologist': psychologist.slug})}" if psychologist else url


def _places(psychologists: list[Psychologist], service: Service) -> list[Location]:
    """Where people can be met for a service; nothing to choose where that is one place."""
    meeting = [person for person in psychologists if Mode.IN_PERSON in person.modes_for(service)]
    there = {place.pk for person in meeting for place in profiles.places_of(person)}
    places = [place for pk, place in choosing.open_places().items() if pk in there]
    return places if len(places) > 1 else []


def _wanted(choice: dict[str, Any], psychologists: list[Psychologist]) -> list[Psychologist]:
    """Whom they chose, or for anybody those who take new patients: closed books are asked for by name."""
    if choice["psychologist"]:
        return [choice["psychologist"]]
    return [person for person in psychologists if person.accepting_patients] or psychologists


def _other_ways(choice: dict[str, Any], service: Service, wanted: list[Psychologist]) -> list[Mode]:
    """Where nobody of those asked for gives the service in the way asked for: the ways in which they do."""
    ways = choosing.ways_to_meet(wanted, service)
    return [] if choice["mode"] in ways else ways


def _hold(request: HttpRequest, service: Service, psychologists: list[Psychologist], *, now: datetime) -> HttpResponse:
    form = TimeChoice(request.POST, service=service, psychologists=psychologists)
    if not form.is_valid():
        messages.error(request, _("Choose one of the times shown."))
        said = Choice.read(request.POST, service=service, psychologists=psychologists)
        return redirect_to(request, _back_to(service, said))
    choice = form.cleaned_data
    starts_at, location = choice["time"]
    wanted = _wanted(choice, psychologists)
    if _other_ways(choice, service, wanted):
        return _calendar(request, service, psychologists, choice, now=now, status=409)
    try:
        held_time.take(
            request,
            # Of a page for anybody: whom it named with the time, and at whose price.
            psychologists=[form.named] if form.named and choice["psychologist"] is None else wanted,
            service=service,
            mode=choice["mode"],
            starts_at=starts_at,
            location=location,
            now=now,
        )
    except held_time.TooOften:
        messages.error(request, _("That was many times in a short while. Please wait a few minutes, or phone us."))
        return redirect_to(request, _back_to(service, choice, to=location.day_of(starts_at)))
    except held_time.TooManyHeld:
        messages.error(
            request,
            _(
                "Several times are being held from your network, or by your account, at this moment. Go on with the "
                "time you hold, or try again in a few minutes; or phone us, and we book for you."
            ),
        )
        return redirect_to(request, _back_to(service, choice, to=location.day_of(starts_at)))
    except (SlotTaken, NotOffered):
        choice["day"] = choice["day"] or location.day_of(starts_at)
        choice["week"] = choosing.monday_of(choice["day"])
        if htmx_of(request):
            return _lost(request, choice, starts_at, location)
        taken = _taken(service, wanted, choice["mode"], starts_at, location, now=now)
        return _calendar(request, service, psychologists, choice, taken=taken, now=now, status=409)
    request.session[clocks.CHOSEN] = choice["zone"]
    return redirect_to(request, reverse("public:confirm", args=[service.slug]))


def _lost(request: HttpRequest, choice: dict[str, Any], starts_at: datetime, location: Location) -> HttpResponse:
    """Says that somebody was quicker, and no more: when thirty want one time, twenty-nine hear it at once.

    The panel asks by itself for the week and the nearest times, or by its link where it can't.
    """
    query = _query(choice)
    query["week"], query["day"] = f"{choice['week']:%Y-%m-%d}", f"{choice['day']:%Y-%m-%d}"
    query["taken"] = request.POST["time"]
    context = {"at": starts_at, "zone": location.zone, "query": query.urlencode()}
    return render(request, "public/_lost.html", context, status=409)


def _taken(
    service: Service, wanted: list[Psychologist], mode: str, starts_at: datetime, location: Location, *, now: datetime
) -> dict[str, Any]:
    """The time that somebody else has, and those nearest to it that are free."""
    near = choosing.nearest_times(
        psychologists=wanted,
        service=service,
        around=starts_at,
        now=now,
        clinic=ClinicSettings.current(),
        mode=mode,
        same_too=len(wanted) > 1,
    )
    return {"at": starts_at, "zone": location.zone, "nearest": near}
