"""A psychologist is away today, and it is the desk that hears of it first."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts.roles import Role
from portal.appointments.models import TimeSlot
from portal.appointments.models.hours import TimeSlotQuerySet
from portal.appointments.refusals import AwayAlready
from portal.clinic import kept
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.languages.times import clock
from portal.common.web.once import making, once
from portal.journeys import time_away
from portal.web.reception.away_form import AwayForm
from portal.web.still_booked import Question, known, question, to_decide


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def away(request: ActorRequest) -> HttpResponse:
    """Marks somebody as away for the rest of today, or a part of it; other days are the psychologist's own to say."""
    now, clinic = timezone.now(), ClinicSettings.current()
    if request.method != "POST":
        return _page(request, AwayForm(initial={"psychologist": request.GET.get("with")}, zone=clinic.zone, now=now))
    form = AwayForm(request.POST, zone=clinic.zone, now=now)
    if not form.is_valid():
        return _page(request, form, status=422)
    said = form.cleaned_data
    try:
        with making(request, now=now) as made:
            slot = time_away.add_time_slot(
                knowing=known(request.POST),
                psychologist=said["psychologist"],
                kind=TimeSlot.Kind.BLOCKED,
                starts_at=said["starts_at"],
                ends_at=said["ends_at"],
                by=request.actor,
                now=now,
            )
            made.leads_to(_next_page(slot, now=now))
    except AwayAlready:
        form.add_error("psychologist", _("%(name)s is already away then.") % {"name": said["psychologist"].name})
        return _page(request, form, status=422)
    except time_away.StillBooked as asked:
        return _page(request, form, asked=question(asked, request.POST), status=422)
    messages.success(
        request,
        _("%(name)s is shown as away today. Nobody can book that time.") % {"name": slot.psychologist.name},
    )
    return made.answer


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def take_back(request: ActorRequest, code: UUID) -> HttpResponse:
    """They are here after all: what stood on the list because of it goes."""
    now = timezone.now()
    slot = _todays(request, now=now).filter(code=code).first()
    if slot is None:
        # Another window was faster, or the day is over.
        messages.info(request, _("That is not there any more. Nothing was done."))
        return redirect("reception:away")
    time_away.remove_time_slot(time_slot=slot, by=request.actor, now=now)
    name = kept.psychologists()[slot.psychologist_id].name
    messages.success(request, _("%(name)s is no longer shown as away.") % {"name": name})
    return redirect("reception:away")


def _next_page(slot: TimeSlot, *, now: datetime) -> str:
    """Where the desk goes on: if sessions are booked in that time, to decide what becomes of them."""
    return to_decide(of=slot.psychologist) if time_away.booked_in(slot, now=now) else reverse("reception:away")


def _todays(request: ActorRequest, *, now: datetime) -> TimeSlotQuerySet:
    """Time away that is of today alone, and not over: leave of several days is not the desk's to change."""
    clinic = ClinicSettings.current()
    midnight = datetime.combine(clinic.today(now), time(), clinic.zone)
    away = TimeSlot.objects.visible_to(request.actor).away()
    return away.filter(starts_at__gte=midnight, ends_at__gt=now, ends_at__lte=midnight + timedelta(days=1))


def _page(request: ActorRequest, form: AwayForm, *, asked: Question | None = None, status: int = 200) -> HttpResponse:
    """The form; before it is saved it asks about the sessions that it would strand."""
    people, zone = kept.psychologists(), form.zone
    context = {
        "form": form,
        "asked": asked,
        "slots": [
            (slot, people[slot.psychologist_id].name, f"{clock(slot.starts_at, zone)} – {clock(slot.ends_at, zone)}")
            for slot in _todays(request, now=form.now).order_by("starts_at", "pk")
        ],
    }
    return render(request, "reception/away.html", context, status=status)
