"""From an empty time in the calendar: who waits for it, and why; to be booked, or asked by e-mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.roles import Role
from portal.appointments import waitlist
from portal.appointments.models import Offer, WaitlistEntry
from portal.appointments.refusals import NotOffered, PatientBusy, Refusal, SlotTaken, TooManyBookings
from portal.appointments.waitlist import Fit, FreeTime
from portal.clinic import kept
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.languages.times import when
from portal.journeys import choosing
from portal.journeys.waitlist import turns
from portal.journeys.waitlist.words import Line, line_of
from portal.patients import ringing
from portal.web.reception.waitlist_forms import WhomForm

# Nobody reads more at once.
PER_PAGE = 20


@dataclass(frozen=True, slots=True)
class FitLine:
    """One whom the time would help: how, since when in days, and what keeps them from taking it by a link."""

    line: Line
    fit: Fit
    days: int
    obstacle: str
    book_url: str


def _free(value: str) -> FreeTime:
    """The empty time as the calendar's links say it; a 404 for anything else."""
    try:
        starts_at, location, slug = choosing.read_whose_time(value[:200])
    except ValueError as error:
        raise Http404("no such time") from error
    whose = next((person for person in kept.psychologists().values() if person.slug == slug), None)
    if whose is None:
        raise Http404("nobody of that name")
    # One start, and no other that the same steps would offer.
    step = timedelta(minutes=ClinicSettings.current().slot_step_minutes)
    return FreeTime(whose, location, starts_at, starts_at + step)


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def fits(request: ActorRequest) -> HttpResponse:
    """Urgent first, then who waits longest; each with what they asked for."""
    value, now = request.GET.get("time", ""), timezone.now()
    free = _free(value)
    found = waitlist.fitting(free, now=now, clinic=ClinicSettings.current(), for_staff=True)
    asked = Offer.objects.still_open().filter(vacancy__psychologist=free.psychologist, starts_at=free.starts_at)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "page": page,
        "free": free,
        "zone": free.location.zone,
        "time": value,
        "lines": _lines(list(page), free, value, now=now),
        "offered": asked.for_listing().first(),
        "back_url": f"{reverse('reception:book_whom')}?{urlencode({'time': value})}",
    }
    return render(request, "reception/waitlist_fits.html", context)


def _lines(fits: Sequence[Fit], free: FreeTime, value: str, *, now: datetime) -> list[FitLine]:
    ringing.read_ways(fit.entry.patient for fit in fits)
    return [
        FitLine(
            line=line_of(fit.entry),
            fit=fit,
            days=(now - fit.entry.joined_at).days,
            obstacle=_in_words(refusal) if refusal else "",
            book_url=f"{reverse('reception:book_here', args=[fit.entry.patient.code])}?"
            + urlencode({"time": value, "service": fit.entry.service.slug, "mode": fit.mode.value}),
        )
        for fit, refusal in zip(fits, turns.obstacles(fits, free, now=now), strict=True)
    ]


def _in_words(refusal: Refusal) -> str:
    match refusal:
        case PatientBusy():
            return _("They have another session at that time.")
        case TooManyBookings():
            return _("They have as many sessions booked as can be booked online.")
        case NotOffered(reason="address"):
            return _("No e-mail address is known: ring them.")
        case NotOffered(reason="first_visit_only"):
            return _("They have been here: this is for new people.")
        case NotOffered(reason="first_visit_ahead"):
            return _("They have a first visit booked: move that one.")
        case NotOffered(reason="known_only"):
            return _("They have not been here yet: this is for people who have.")
        case NotOffered(reason="approved_only"):
            return _("This is for people whom the desk has approved.")
        case NotOffered(reason="psychologist"):
            return _("They would be new to this psychologist, who takes no new patients.")
        case NotOffered(reason="declined"):
            return _("This time was offered to them before.")
        case NotOffered(reason="asked"):
            return _("Another time is offered to them, and they have not answered yet.")
        case NotOffered(reason="time"):
            return _("It begins too soon to be answered by e-mail: ring them.")
        case SlotTaken():
            return _("Somebody else is being asked already, or the time is taken.")
    return _("It can't be booked by a link: book it for them.")


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def offer(request: ActorRequest) -> HttpResponse:
    """Asks one of them by e-mail, and keeps the time until they answer."""
    free = _free(request.POST.get("time", ""))
    form = WhomForm(request.POST)
    if not form.is_valid():
        raise Http404("nobody")
    entries = WaitlistEntry.objects.visible_to(request.actor).waiting().select_related("patient")
    entry = get_object_or_404(entries, code=form.cleaned_data["entry"])
    page = f"{reverse('reception:fits')}?{urlencode({'time': request.POST['time']})}"
    try:
        made = turns.offer_by_hand(free=free, entry=entry, by=request.actor, now=timezone.now())
    except Refusal as refusal:
        words = _("Nobody was asked. %(why)s") % {"why": _in_words(refusal)}
        messages.warning(request, words)
        return redirect(page)
    said = {"name": entry.patient.name, "until": when(made.expires_at, free.location.zone)}
    messages.success(request, _("%(name)s is asked by e-mail, and the time is kept until %(until)s.") % said)
    return redirect("reception:offers")
