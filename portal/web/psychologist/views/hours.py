"""When a psychologist works: the week, and the days that are different."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts.roles import Role
from portal.appointments.actions.locking import lock_diary
from portal.appointments.models import Appointment, TimeSlot, WorkingHours
from portal.appointments.refusals import BadTimes, HoursOverlap
from portal.clinic import kept
from portal.clinic.models import ClinicSettings, Location
from portal.common.access.actors import Actor
from portal.common.access.decorators import ActorRequest, allow
from portal.common.languages.punctuation import listed
from portal.common.languages.times import clock, day_short, local_day
from portal.common.web.once import making, once
from portal.journeys import time_away, weekly
from portal.web.hours.forms import CopyForm, SlotForm, WeekForm
from portal.web.hours.shifts import drawn_days
from portal.web.psychologist import outside
from portal.web.psychologist.own_profile import PsychologistRequest, home_zone, with_profile
from portal.web.psychologist.weeks import MIDNIGHT, all_hours_of, outside_hours

SHOWN = 20
# The field in which a form says which booked sessions its page showed.
KNOWN = "known"


@allow(Role.PSYCHOLOGIST)
@with_profile
@require_http_methods(["GET", "HEAD", "POST"])
def hours(request: PsychologistRequest) -> HttpResponse:
    """Shows the week and its exceptions; a POST makes the week anew."""
    now = timezone.now()
    if request.method != "POST":
        return _page(request, now=now)
    if (copied := CopyForm.read(request.POST)) is not None:
        return _copied(request, *copied, now=now)
    try:
        with transaction.atomic():
            # Looked at when nobody else can save: two pages never undo each other.
            lock_diary(request.psychologist)
            rows = all_hours_of(request.actor)
            form = WeekForm(request.POST, hours=rows, locations=_places(rows), psychologist=request.psychologist)
            is_fine = form.is_valid()
            if is_fine:
                weekly.set_weekly_hours(
                    psychologist=request.psychologist,
                    hours=form.shifts,
                    knowing=request.POST.get(KNOWN, ""),
                    by=request.actor,
                    now=now,
                )
    except (BadTimes, HoursOverlap):
        messages.error(request, _("Two of these hours overlap, or end before they start. Nothing was changed."))
        return _page(request, week=form, now=now, status=422)
    except time_away.StillBooked as asked:
        return _page(request, week=form, leaves=asked.sessions, now=now, status=422)
    if not is_fine:
        return _page(request, week=form, now=now, status=422)
    messages.success(request, _("Your weekly hours are saved. New bookings follow them from now on."))
    _say_who_is_left(request, now=now)
    return redirect("psychologist:hours")


def _copied(request: PsychologistRequest, day: int, to: list[int], *, now: datetime) -> HttpResponse:
    """The page with one day's hours on other days too; they are looked over before they are saved."""
    rows = all_hours_of(request.actor)
    week = WeekForm(request.POST, hours=rows, locations=_places(rows), psychologist=request.psychologist)
    if to:
        week.copy(day, to)
        messages.info(request, _("Copied. Nothing is saved yet: look it over, then save."))
    else:
        messages.info(request, _("Choose the days that they are to be copied to."))
    return _page(request, week=week, now=now)


@allow(Role.PSYCHOLOGIST)
@once
@with_profile
@require_POST
def add_exception(request: PsychologistRequest) -> HttpResponse:
    """Adds time away, or extra hours."""
    now = timezone.now()
    form = SlotForm(request.POST, zone=_zone(all_hours_of(request.actor)), now=now)
    if not form.is_valid():
        return _page(request, slot=form, now=now, status=422)
    said = form.cleaned_data
    try:
        with making(request, now=now) as made:
            slot = time_away.add_time_slot(
                knowing=request.POST.get(KNOWN, ""),
                psychologist=request.psychologist,
                kind=said["kind"],
                starts_at=said["starts_at"],
                ends_at=said["ends_at"],
                location=said["location"],
                label=said["label"],
                by=request.actor,
                now=now,
            )
            count = _sessions_within(request.actor, slot, now=now)
            made.leads_to(reverse("psychologist:hours") + ("#left" if count else ""))
    except HoursOverlap:
        form.add_error("from_time", _("You have extra hours at that time already."))
        return _page(request, slot=form, now=now, status=422)
    except time_away.StillBooked as asked:
        return _page(request, slot=form, strands=asked.sessions, now=now, status=422)
    if slot.kind == TimeSlot.Kind.EXTRA:
        _say_what_is_open(request, slot)
        return made.answer
    messages.success(request, _("You are shown as away. Nobody can book that time."))
    if count:
        messages.warning(
            request,
            ngettext(
                "%(count)d session is booked in that time. It stays until somebody moves it: see below.",
                "%(count)d sessions are booked in that time. They stay until somebody moves them: see below.",
                count,
            )
            % {"count": count},
        )
    return made.answer


def _say_what_is_open(request: ActorRequest, slot: TimeSlot) -> None:
    """Extra hours that somebody added: which of them can be booked, for time away wins."""
    zone = slot.location.zone if slot.location else ClinicSettings.current().zone
    off = _away_in(request.actor, slot)
    parts = slot.open_parts(off)
    if not off:
        messages.success(request, _("The extra hours are open for booking."))
    elif parts:
        times = listed(f"{clock(begins, zone)} – {clock(ends, zone)}" for begins, ends in parts)
        words = _("You are away for a part of these extra hours, and that counts. Open for booking: %(times)s.")
        messages.warning(request, words % {"times": times})
    else:
        words = _(
            "You are away then, and that counts: nobody can book these extra hours until you remove the time away."
        )
        messages.warning(request, words)


def _away_in(actor: Actor, slot: TimeSlot) -> list[TimeSlot]:
    return list(TimeSlot.objects.visible_to(actor).away().between(slot.starts_at, slot.ends_at))


def _sessions_within(actor: Actor, slot: TimeSlot, *, now: datetime) -> int:
    """How many sessions to come are booked in time away."""
    if slot.kind == TimeSlot.Kind.EXTRA:
        return 0
    left = Appointment.objects.visible_to(actor).live().filter(patient__isnull=False)
    return left.between(max(slot.starts_at, now), slot.ends_at).count()


@allow(Role.PSYCHOLOGIST)
@with_profile
@require_POST
def remove_exception(request: PsychologistRequest, code: UUID) -> HttpResponse:
    """Takes an exception back: the week's hours count again. Asks before it leaves sessions outside them."""
    now = timezone.now()
    if not TimeSlot.objects.filter(code=code).exists():
        # Another window was faster.
        messages.info(request, _("That is not there any more. Nothing was done."))
        return redirect("psychologist:hours")
    slot = get_object_or_404(TimeSlot.objects.visible_to(request.actor).select_related("psychologist"), code=code)
    with transaction.atomic():
        # Looked at when nobody can book: what is booked meanwhile is asked about too.
        lock_diary(slot.psychologist)
        leaves = _left_without(request.actor, slot, now=now)
        if time_away.digest_of(leaves) in ("", request.POST.get(KNOWN, "")):
            time_away.remove_time_slot(time_slot=slot, by=request.actor, now=now)
            leaves = []
    if leaves:
        return _page(request, removing=slot, orphans=leaves, now=now, status=422)
    messages.success(request, _("Removed. Your weekly hours count again at that time."))
    if slot.kind == TimeSlot.Kind.EXTRA:
        _say_who_is_left(request, now=now)
    return redirect("psychologist:hours")


def _say_who_is_left(request: ActorRequest, *, now: datetime) -> None:
    rows = all_hours_of(request.actor)
    count = len(outside_hours(request.actor, hours=rows, now=now))
    if count:
        messages.warning(
            request,
            ngettext(
                "%(count)d session is booked outside your hours. It stays until somebody moves it: see below.",
                "%(count)d sessions are booked outside your hours. They stay until somebody moves them: see below.",
                count,
            )
            % {"count": count},
        )


def _left_without(actor: Actor, slot: TimeSlot, *, now: datetime) -> list[Appointment]:
    """The sessions to come that stand in hours because of these extra ones alone, soonest first."""
    if slot.kind != TimeSlot.Kind.EXTRA:
        return []
    rows = all_hours_of(actor)
    stand = {left.session.pk for left in outside_hours(actor, hours=rows, now=now)}
    would = outside_hours(actor, hours=rows, now=now, without=slot)
    return [left.session for left in would if left.session.pk not in stand]


def _zone(rows: list[WorkingHours]) -> ZoneInfo:
    return home_zone(rows, clinic=ClinicSettings.current())


def _places(rows: list[WorkingHours]) -> list[Location]:
    """Where one may work; a place that is closed now stays in the list as long as one's hours name it."""
    mine = {row.location_id for row in rows}
    return [place for place in kept.places().values() if place.is_active or place.pk in mine]


def _page(
    request: PsychologistRequest,
    *,
    week: WeekForm | None = None,
    leaves: Sequence[Appointment] = (),
    slot: SlotForm | None = None,
    strands: Sequence[Appointment] = (),
    removing: TimeSlot | None = None,
    orphans: Sequence[Appointment] = (),
    now: datetime,
    status: int = 200,
) -> HttpResponse:
    """The page; before the week or time away is saved, it asks about the sessions that it `leaves` or `strands`.

    So it does about the `orphans` of extra hours that somebody is `removing`.
    """
    rows = all_hours_of(request.actor)
    zone, places = _zone(rows), _places(rows)
    here = local_day(now, zone)
    week = week or WeekForm(hours=rows, locations=places, psychologist=request.psychologist)
    left = outside_hours(request.actor, hours=rows, now=now)
    context = {
        "week": week,
        "days": list(drawn_days(week, in_several_places=len(places) > 1)),
        "leaves": leaves,
        "leaves_digest": time_away.digest_of(leaves),
        "slot": slot or SlotForm(zone=zone, now=now),
        "strands": strands,
        "strands_digest": time_away.digest_of(strands),
        "removing": removing,
        "orphans": orphans,
        "orphans_digest": time_away.digest_of(orphans),
        "known": KNOWN,
        "outside_calendars": outside.lines(request.actor, now=now),
        "slots": _slots(request.actor, zone=zone, now=now),
        "left": left[:SHOWN],
        "left_count": len(left),
        "has_hours": bool(rows),
        "zone": zone,
        "total": sum(row.minutes for row in rows if row.is_valid_on(here)) / 60,
    }
    return render(request, "psychologist/hours.html", context, status=status)


def _slots(actor: Actor, *, zone: ZoneInfo, now: datetime) -> list[tuple[TimeSlot, str, bool]]:
    """Exceptions that are not over, each with its time in words, and whether it is extra and opens nothing."""
    coming = TimeSlot.objects.visible_to(actor).filter(ends_at__gt=now).select_related("location").order_by("starts_at")
    slots = list(coming)
    away = [slot for slot in slots if slot.kind == TimeSlot.Kind.BLOCKED]
    return [
        (
            slot,
            _in_words(slot, slot.location.zone if slot.location else zone),
            slot.kind == TimeSlot.Kind.EXTRA and not slot.open_parts(away),
        )
        for slot in slots
    ]


def _in_words(slot: TimeSlot, zone: ZoneInfo) -> str:
    """`Thu 26 Nov, 9:00 am – 12:00 pm`, or for whole days `Mon 14 Dec – Wed 16 Dec`."""
    start, end = slot.starts_at.astimezone(zone), slot.ends_at.astimezone(zone)
    if start.time() == end.time() == MIDNIGHT:
        last = end.date() - timedelta(days=1)
        return day_short(start.date()) if last <= start.date() else f"{day_short(start.date())} – {day_short(last)}"
    last, at = (end - timedelta(days=1), _("midnight")) if end.time() == MIDNIGHT else (end, clock(end, zone))
    until = at if start.date() == last.date() else f"{day_short(last.date())}, {at}"
    return f"{day_short(start.date())}, {clock(start, zone)} – {until}"
