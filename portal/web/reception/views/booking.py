"""Booking, moving and cancelling on a patient's behalf."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.accounts.roles import Role
from portal.appointments import diary
from portal.appointments.actions import in_transaction, rules
from portal.appointments.forms import SeenForm
from portal.appointments.models import Appointment
from portal.appointments.parts_of_day import PartOfDay
from portal.appointments.refusals import NotOffered, PatientBusy, SlotTaken
from portal.appointments.states import Verb, Why
from portal.clinic.models import ClinicSettings, Location, Mode, Psychologist, Service
from portal.common.access.actors import Actor
from portal.common.access.decorators import ActorRequest, allow
from portal.common.languages.times import local_day
from portal.common.web.htmx import page_or_fragment, redirect_to
from portal.common.web.once import making, once
from portal.journeys import booking, choosing, clocks, pricing, profiles, sessions
from portal.journeys.times_form import TimesForm, kept_in_links
from portal.journeys.usual import usual
from portal.patients.models import Patient
from portal.web.calendars.in_the_way import can_keep_its_time, in_the_way
from portal.web.calendars.move_forms import TIMES
from portal.web.calendars.moving import Target, question_url
from portal.web.calendars.refused import in_words, why_not
from portal.web.calendars.told import say_what_stands
from portal.web.reception import why_outside
from portal.web.reception.forms import ANY, AnyTime, BookingChoice, OfferedTime
from portal.web.reception.views.calendar import DESK

# ---- Booking --------------------------------------------------------------------------------------------------------


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def book(request: ActorRequest, code: UUID) -> HttpResponse:
    """One page: what, with whom, how, and the week. A time that nobody offers is typed in below it."""
    patient = get_object_or_404(Patient.objects.visible_to(request.actor), code=code)
    services = list(Service.objects.offered())
    if not services:
        return render(request, "reception/book.html", {"patient": patient, "service": None})
    data: Mapping[str, Any] = request.POST
    if request.method != "POST":
        # An address that names no service, but a week or a person, begins with their usual one too.
        data = (_usual(request, patient, services) if "service" not in request.GET else {}) | request.GET.dict()
    everybody = list(Psychologist.objects.practising().select_related("user").prefetch_related("services"))
    service, able, psychologist, mode = BookingChoice.read(data, services=services, psychologists=everybody)
    wanted = Wanted(
        template="reception/book.html",
        service=service,
        mode=mode.value,
        psychologists=able,
        chosen=[psychologist] if psychologist else able,
        now=timezone.now(),
        clinic=ClinicSettings.current(),
        context={
            "patient": patient,
            "services": services,
            "service": service,
            "psychologist": psychologist,
            "mode": mode,
            "modes": choosing.ways_to_meet(able, service),
            "query": urlencode(
                {
                    "service": service.slug,
                    "psychologist": psychologist.slug if psychologist else ANY,
                    "mode": mode.value,
                }
            ),
        },
    )
    if request.method != "POST":
        return _page(request, wanted)

    @in_transaction
    def make(who: Psychologist, starts_at: datetime, location: Location, outside_hours: bool) -> Appointment:
        with making(request, now=wanted.now) as made:
            booked = booking.book_for_patient(
                psychologist=who,
                patient=patient,
                service=service,
                mode=mode.value,
                starts_at=starts_at,
                location=location,
                by=request.actor,
                now=wanted.now,
                outside_hours=outside_hours,
            )
            made.leads_to(*_next_page(booked, now=wanted.now))
            return booked

    def put(who: Psychologist, starts_at: datetime, location: Location, outside_hours: bool) -> HttpResponse:
        booked = make(who, starts_at, location, outside_hours)
        say_what_stands(request, booked, None, now=wanted.now)
        return redirect_to(request, *_next_page(booked, now=wanted.now))

    return _answer(request, wanted, put)


def _usual(request: ActorRequest, patient: Patient, services: list[Service]) -> dict[str, str]:
    """What this patient is likely to book, as an address says it."""
    found = usual(patient, services=services, by=request.actor)
    if found.psychologist is None:
        return {"service": found.service.slug}
    return {"service": found.service.slug, "psychologist": found.psychologist.slug, "mode": found.mode}


# ---- Moving ---------------------------------------------------------------------------------------------------------


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def reschedule(request: ActorRequest, code: UUID) -> HttpResponse:
    """The same week, for a session that is to be at another time, or with somebody else.

    A time that is pressed or typed leads to the question of the calendar, which marks what changes and moves it.
    """
    session = get_object_or_404(Appointment.objects.visible_to(request.actor).for_listing(), code=code)
    now = timezone.now()
    if why := sessions.steps(session, by=request.actor, now=now)[Verb.MOVE].why:
        messages.error(request, in_words(Verb.MOVE, why, session, by=request.actor, now=now))
        return redirect_to(request, "reception:appointment", code=session.code)
    data, clinic = request.POST if request.method == "POST" else request.GET, ClinicSettings.current()
    mode = next((m for m in Mode if m.value == data.get("mode")), Mode(session.mode))
    giving = list(Psychologist.objects.practising().offering(session.service).select_related("user"))
    able, ways = _able_to_take(session, mode, giving), choosing.ways_to_meet(giving, session.service)
    slug = data.get("psychologist", session.psychologist.slug)
    psychologist = next((p for p in able if p.slug == slug), None)
    # Who has left takes nothing.
    if psychologist is None and slug != ANY and not session.psychologist.has_left:
        psychologist = session.psychologist
    wanted = Wanted(
        template="reception/reschedule.html",
        service=session.service,
        mode=mode.value,
        psychologists=able,
        chosen=[psychologist] if psychologist else able,
        now=now,
        clinic=clinic,
        ignore=session,
        context={
            "session": session,
            "patient": session.patient,
            "psychologist": psychologist,
            "mode": mode,
            "modes": [m for m in Mode if m == session.mode or m in ways],
            "is_withdrawn": session.mode not in session.psychologist.modes_for(session.service),
            # The time it has, for who only asks for another way.
            "own_time": choosing.FreeTime(session.starts_at, session.ends_at, session.location)
            if mode != session.mode
            and psychologist == session.psychologist
            and can_keep_its_time(session, mode=mode, by=request.actor, now=now, clinic=clinic)
            else None,
            "query": urlencode({"psychologist": psychologist.slug if psychologist else ANY, "mode": mode.value}),
        },
    )
    if request.method != "POST":
        return _page(request, wanted)

    if SeenForm.read(request.POST) != session.seen_as:
        messages.error(request, in_words(Verb.MOVE, Why.CHANGED, session, by=request.actor, now=now))
        return redirect_to(request, "reception:appointment", code=session.code)

    def ask(who: Psychologist, starts_at: datetime, location: Location, outside_hours: bool) -> HttpResponse:
        try:
            rules.check_move(
                session,
                starts_at,
                psychologist=who,
                location=location,
                mode=mode,
                by=request.actor,
                now=now,
                clinic=wanted.clinic,
            )
        except NotOffered as refused:
            # What was typed may be meant outside the hours: the question says so, and why.
            if refused.reason != "time" or "time" in request.POST:
                raise
        target = Target(starts_at, who, location, mode)
        return redirect_to(request, question_url(DESK, session, target, came_from=TIMES))

    return _answer(request, wanted, ask)


def _able_to_take(session: Appointment, mode: Mode, giving: list[Psychologist]) -> list[Psychologist]:
    """Those who hold sessions of its kind in this way; and whose it is: in its own way, with them it was agreed."""
    able = [p for p in giving if mode in p.modes_for(session.service)]
    if session.psychologist in able or session.psychologist.has_left:
        return able
    return [session.psychologist, *able]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a time is looked for, to book or to move a session: the service, its way, and with whom; `chosen` are those
    of `psychologists` whose times are shown, `ignore` the session that moves, `context` what else its page shows."""

    template: str
    service: Service
    mode: str
    psychologists: list[Psychologist]
    chosen: list[Psychologist]
    context: dict[str, Any]
    now: datetime
    clinic: ClinicSettings
    ignore: Appointment | None = None

    @property
    def people(self) -> QuerySet[Psychologist]:
        """Those who can be named for a time that is typed."""
        return Psychologist.objects.filter(pk__in=[p.pk for p in self.psychologists]).select_related("user")

    @property
    def is_held_another_way(self) -> bool:
        """Whether those chosen hold the service, but not in the way chosen. What is moved may stay as it was agreed."""
        if self.ignore is not None and self.mode == self.ignore.mode:
            return False
        ways = choosing.ways_to_meet(self.chosen, self.service)
        return bool(ways) and self.mode not in ways


def _page(
    request: HttpRequest,
    wanted: Wanted,
    *,
    any_time: AnyTime | None = None,
    taken: dict[str, Any] | None = None,
    around: datetime | None = None,
    refusal: str = "",
    outside: bool = False,
) -> HttpResponse:
    today = wanted.clinic.today(wanted.now)
    first = around or (wanted.ignore.starts_at if wanted.ignore else None)
    asked = TimesForm.read(request.POST if request.method == "POST" else request.GET)
    if wanted.mode != Mode.IN_PERSON:
        asked["place"] = None
    shown, kept = asked["week"], kept_in_links(asked)
    opens = shown or asked["near"] or (local_day(first, wanted.clinic.zone) if first else today)
    monday = choosing.monday_of(opens)
    is_for_any = wanted.context["psychologist"] is None
    week = choosing.week_of_times(
        psychologists=choosing.in_turn(wanted.chosen, service=wanted.service, monday=monday)
        if is_for_any
        else wanted.chosen,
        service=wanted.service,
        monday=monday,
        now=wanted.now,
        clinic=wanted.clinic,
        mode=wanted.mode,
        ignore=wanted.ignore,
        location=asked["place"],
        part=asked["part"],
        for_staff=True,
        day=asked["day"],
        likely_day=local_day(first, wanted.clinic.zone) if first else None,
        is_asked_for=bool(shown or around),
    )
    fees = pricing.fees_of(
        wanted.chosen,
        service=wanted.service,
        mode=wanted.mode,
        on=week.monday,
        clinic=wanted.clinic,
        moving=wanted.ignore,
    )
    if is_for_any:
        near = taken["nearest"] if taken else []
        choosing.name_who([*week.times, *near], fees=fees)
    clock = clocks.in_force(asked["zone"], wanted.context["patient"])
    if any_time is None:
        any_time = AnyTime(psychologists=wanted.people, initial=_likely(wanted, week, today=today))
    # Said before a time is looked for: there would be none, and "nothing is free" would not be why.
    wrong_way = why_not("mode") if wanted.is_held_another_way else ""
    minutes = wanted.ignore.minutes if wanted.ignore else wanted.service.minutes
    context = wanted.context | {
        "psychologists": wanted.psychologists,
        "week": week,
        "today": today,
        "query": "&".join(filter(None, (wanted.context["query"], urlencode(kept)))),
        "kept": kept,
        "place": asked["place"],
        "places": list(choosing.open_places().values()),
        "part": asked["part"],
        "parts": list(PartOfDay),
        "zone": clock,
        "clock": week.other_clock(clock),
        "clocks": clocks.offered(clock),
        "fee": next(iter(fees.values())) if len(set(fees.values())) == 1 else None,
        "any_time": any_time,
        "taken": taken,
        "refusal": refusal,
        "wrong_way": wrong_way,
        "outside": outside,
        "elsewhere": why_outside.busy_elsewhere(any_time, minutes=minutes) if outside else None,
        "because": why_outside.because(any_time, minutes=minutes, mode=wanted.mode) if outside else "",
        "is_past": outside and around is not None and around <= wanted.now,
        "action": request.path,
    }
    status = 409 if taken or refusal else 422 if any_time.errors or outside else 200
    return page_or_fragment(request, wanted.template, context, fragment="times", status=status)


def _likely(wanted: Wanted, week: choosing.Week, *, today: date) -> dict[str, Any]:
    """What a time that nobody offers begins with: whom was asked for, where they work, and today, for who stands at
    the desk; or the week that was turned to."""
    day = max(week.monday, today) if week.is_asked_for else today
    if len(wanted.chosen) != 1:
        return {"day": day, "with_whom": None}
    [alone] = wanted.chosen
    place = next((place for place in profiles.places_of(alone) if place.is_active), None)
    return {"day": day, "with_whom": alone.slug} | ({"location": place.slug} if place else {})


def _answer(request: ActorRequest, wanted: Wanted, put: Callable[..., HttpResponse]) -> HttpResponse:
    """Reads the time that was pressed or typed, and answers as `put` does, which books it or asks about the move."""
    if "time" in request.POST:
        form = OfferedTime(request.POST)
        if not form.is_valid():
            return _page(request, wanted, refusal=_("Choose one of the times shown."))
        if wanted.is_held_another_way:
            return _page(request, wanted, refusal=why_not("mode"))
        starts_at, location, named = form.cleaned_data["time"]
        who, outside_hours, any_time = _in_turn(wanted, starts_at, named), False, None
        if not who:
            return _page(request, wanted, refusal=_("Choose one of the times shown."))
        if "repeat" in request.POST and wanted.ignore is None:
            free = choosing.FreeTime(starts_at, starts_at, location, who=who[0])
            asked = {"time": free.value, "service": wanted.service.slug, "mode": wanted.mode}
            address = reverse("reception:book_series", args=[wanted.context["patient"].code])
            return redirect_to(request, f"{address}?{urlencode(asked)}")
    else:
        any_time = AnyTime(request.POST, psychologists=wanted.people)
        if not any_time.is_valid():
            return _page(request, wanted, any_time=any_time)
        starts_at, location = any_time.cleaned_data["starts_at"], any_time.cleaned_data["location"]
        who, outside_hours = [any_time.cleaned_data["with_whom"]], request.POST.get("outside") == "yes"
    try:
        return _first(put, who, starts_at, location, outside_hours)
    except SlotTaken as refused:
        taken = _taken(wanted, starts_at, location, who, refused, by=request.actor, typed=any_time is not None)
        return _page(request, wanted, any_time=any_time, taken=taken, around=starts_at)
    except NotOffered as refused:
        if any_time is not None and refused.reason == "time" and not outside_hours:
            return _page(request, wanted, any_time=any_time, around=starts_at, outside=True)
        return _page(request, wanted, any_time=any_time, around=starts_at, refusal=why_not(refused.reason))


def _next_page(booked: Appointment, *, now: datetime) -> tuple[str, UUID]:
    """Where the desk goes on: what is put on record afterwards is checked out next."""
    if booked.starts_at <= now:
        return "reception:appointment", booked.code
    return "reception:patient", booked.person.code


def _in_turn(wanted: Wanted, starts_at: datetime, named: str) -> list[Psychologist]:
    """Whom the page named with the time, by their slug; where it named nobody, all who were asked for."""
    if named:
        return [psychologist for psychologist in wanted.chosen if psychologist.slug == named]
    if len(wanted.chosen) == 1:
        return wanted.chosen
    return diary.for_anybody(wanted.chosen, service=wanted.service, around=starts_at)


def _taken(
    wanted: Wanted,
    at: datetime,
    location: Location,
    who: Sequence[Psychologist],
    refused: SlotTaken,
    *,
    by: Actor,
    typed: bool,
) -> dict[str, Any]:
    """What stands there, and the nearest times that are free, of whoever was asked for."""
    # Of a time that was typed with somebody's name, theirs; else of all who were asked for.
    able = who if typed else wanted.chosen
    nearest = choosing.nearest_times(
        psychologists=able,
        service=wanted.service,
        around=at,
        now=wanted.now,
        clinic=wanted.clinic,
        mode=wanted.mode,
        ignore=wanted.ignore,
        for_staff=True,
        same_too=len(able) > 1,
    )
    why = in_the_way(
        refused,
        rules.moved(wanted.ignore, at) if wanted.ignore else rules.slot_of(wanted.service, at),
        patient=wanted.context["patient"],
        psychologists=who,
        location=location,
        by=by,
        now=wanted.now,
        ignore=wanted.ignore,
    )
    day = location.day_of(at)
    return {"why": why, "nearest": nearest, "is_other_day": all(t.location.day_of(t.starts_at) != day for t in nearest)}


def _first(
    put: Callable[..., HttpResponse],
    who: Sequence[Psychologist],
    starts_at: datetime,
    location: Location,
    outside: bool,
) -> HttpResponse:
    """Puts it with the first of `who` who is free; each try is a transaction of its own, and leaves no lock behind."""
    refused: SlotTaken | NotOffered = SlotTaken("psychologist")
    for psychologist in who:
        try:
            return put(psychologist, starts_at, location, outside)
        except PatientBusy:
            raise
        except SlotTaken as taken:
            refused = taken
        except NotOffered as not_offered:
            # Of several, somebody else may work then; of one, it is the answer.
            refused = not_offered if len(who) == 1 else refused
    raise refused
