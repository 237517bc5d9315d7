"""Leave and closed days over a range, for one psychologist, a place or the whole clinic."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts.roles import Role
from portal.appointments import closed
from portal.appointments.hours import main_zone
from portal.appointments.models import Closure, TimeSlot
from portal.appointments.refusals import AwayAlready
from portal.clinic import kept
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.languages.times import clock, day_short, stretch
from portal.common.web.once import making, once
from portal.journeys import closing, time_away
from portal.journeys.stranded import StillBooked
from portal.web.reception.time_off_forms import TimeOffForm
from portal.web.still_booked import Question, known, question, to_decide

SHOWN = 200
MIDNIGHT = time()


class Line(NamedTuple):
    """Somebody's leave or closed days, in words."""

    code: UUID
    whose: str
    when: str
    label: str
    is_closure: bool
    begins: datetime


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def time_off(request: ActorRequest) -> HttpResponse:
    """What is coming, and a form to add to it; asks before it leaves booked sessions in it."""
    now, clinic = timezone.now(), ClinicSettings.current()
    if request.method != "POST":
        return _page(request, TimeOffForm(initial={"whose": request.GET.get("whose")}, clinic=clinic, now=now))
    form = TimeOffForm(request.POST, clinic=clinic, now=now)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        with making(request, now=now) as made:
            _add(request, form, now=now)
            made.leads_to(_next_page(form, has_asked=bool(known(request.POST))))
    except AwayAlready:
        form.add_error("first_day", _("%(name)s is already away then.") % {"name": form.psychologist or ""})
        return _page(request, form, status=422)
    except StillBooked as asked:
        return _page(request, form, asked=question(asked, request.POST), status=422)
    messages.success(request, _("It stands in the diary. Nobody can book that time."))
    return made.answer


def _add(request: ActorRequest, form: TimeOffForm, *, now: datetime) -> None:
    said, knowing = form.cleaned_data, known(request.POST)
    if form.psychologist:
        time_away.add_time_slot(
            knowing=knowing,
            psychologist=form.psychologist,
            kind=TimeSlot.Kind.BLOCKED,
            starts_at=said["starts_at"],
            ends_at=said["ends_at"],
            label=said["label"],
            by=request.actor,
            now=now,
        )
        return
    columns = ("first_day", "from_time", "last_day", "until_time", "label", "modes")
    days = {name: said[name] for name in columns}
    closing.add_closure(knowing=knowing, location=form.location, **days, by=request.actor, now=now)


def _next_page(form: TimeOffForm, *, has_asked: bool) -> str:
    """Where the desk goes on: if sessions are booked in that time, to decide what becomes of them."""
    return to_decide(of=form.psychologist) if has_asked else reverse("reception:time_off")


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def end_time_off(request: ActorRequest, code: UUID) -> HttpResponse:
    """Takes leave or closed days back: what stood on the list because of them goes."""
    now = timezone.now()
    slot = TimeSlot.objects.visible_to(request.actor).away().filter(code=code).select_related("psychologist").first()
    closure = Closure.objects.visible_to(request.actor).filter(code=code).first()
    if slot is not None:
        time_away.remove_time_slot(time_slot=slot, by=request.actor, now=now)
    elif closure is not None:
        closing.remove_closure(closure=closure, by=request.actor, now=now)
    else:
        # Another window was faster.
        messages.info(request, _("That is not there any more. Nothing was done."))
        return redirect("reception:time_off")
    messages.success(request, _("Removed. That time can be booked again."))
    return redirect("reception:time_off")


def _page(
    request: ActorRequest, form: TimeOffForm, *, asked: Question | None = None, status: int = 200
) -> HttpResponse:
    """The form and what is coming; before it is saved it asks about the sessions that it would strand."""
    coming = sorted(_coming(request, clinic=form.clinic, now=form.now), key=lambda line: (line.begins, line.whose))
    context = {
        "form": form,
        "asked": asked,
        "lines": coming[:SHOWN],
        "more": max(len(coming) - SHOWN, 0),
    }
    return render(request, "reception/time_off.html", context, status=status)


def _coming(request: ActorRequest, *, clinic: ClinicSettings, now: datetime) -> Iterator[Line]:
    """Leave and closed days that are not over. Two queries."""
    people, places = kept.psychologists(), kept.places()
    for slot in TimeSlot.objects.visible_to(request.actor).away().filter(ends_at__gt=now):
        zone = main_zone(slot.psychologist_id, clinic=clinic)
        words = stretch(slot.starts_at, slot.ends_at, zone)
        label = slot.label or slot.get_kind_display()
        yield Line(slot.code, people[slot.psychologist_id].name, words, label, is_closure=False, begins=slot.starts_at)
    for closure in Closure.objects.visible_to(request.actor).filter(last_day__gte=clinic.today(now)):
        place = places[closure.location_id] if closure.location_id else None
        until, last = closure.until_time, closure.last_day
        words = _in_words(
            closure.first_day,
            closure.from_time or MIDNIGHT,
            last if until else last + timedelta(days=1),
            until or MIDNIGHT,
        )
        begins, ends = closure.between(place.zone if place else clinic.zone)
        whose = place.name if place else _("The whole clinic")
        label = closed.Shut(begins, ends, closure.label, tuple(closure.modes)).words
        yield Line(closure.code, whose, words, label, is_closure=True, begins=begins)


def _in_words(first: date, starts: time, last: date, ends: time) -> str:
    """`Thu 24 Dec – Sun 3 Jan 2027` for whole days, else with times; `last` at 00:00 ends the day before it."""
    if ends == MIDNIGHT:
        last -= timedelta(days=1)
    days = day_short(first) if first == last else f"{day_short(first)} – {day_short(last)}"
    if starts == ends == MIDNIGHT:
        return days
    begins, until = (clock(datetime.combine(first, at, UTC), "UTC") for at in (starts, ends))
    until = _("midnight") if ends == MIDNIGHT else until
    if first == last:
        return f"{days}, {begins} – {until}"
    return f"{day_short(first)}, {begins} – {day_short(last)}, {until}"
