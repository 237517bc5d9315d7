"""When a psychologist works: the week, and the days that are different; by themself, or by the desk for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.appointments.actions.locking import lock_diary
from portal.appointments.models import TimeSlot, WorkingHours
from portal.appointments.refusals import AwayAlready, BadTimes, HoursOverlap
from portal.clinic import kept
from portal.clinic.models import ClinicSettings, Location
from portal.common.access.decorators import ActorRequest
from portal.common.forms.fields import DateField
from portal.common.languages.punctuation import listed
from portal.common.languages.times import clock, local_day, stretch
from portal.common.web.htmx import page_or_fragment
from portal.common.web.once import making
from portal.journeys import time_away, weekly
from portal.web.hours import picture
from portal.web.hours.forms import CopyForm, SlotForm, WeekForm, usual_place
from portal.web.hours.shifts import drawn_days
from portal.web.hours.whose import Whose
from portal.web.hours.worked import home_zone
from portal.web.still_booked import Question, known, question

# Of the sessions that stand outside the hours, and of those that wait for a decision, which have a page of their own.
SHOWN, FIRST = 20, 5
CLOSED_DAYS = 6


def hours(request: ActorRequest, whose: Whose) -> HttpResponse:
    """Shows the week and its exceptions; a POST makes the week anew."""
    now = timezone.now()
    if request.method != "POST":
        return _page(request, whose, now=now)
    if (copied := CopyForm.read(request.POST)) is not None:
        return _copied(request, whose, *copied, now=now)
    if "preview" in request.POST:
        return _previewed(request, whose, now=now)
    try:
        with transaction.atomic():
            # Looked at when nobody else can save: two pages never undo each other.
            lock_diary(whose.psychologist)
            rows = whose.weekly()
            form = WeekForm(request.POST, hours=rows, locations=_places(rows), psychologist=whose.psychologist)
            is_fine = form.is_valid()
            if is_fine:
                weekly.set_weekly_hours(
                    psychologist=whose.psychologist,
                    hours=form.shifts,
                    knowing=known(request.POST),
                    by=request.actor,
                    now=now,
                )
    except (BadTimes, HoursOverlap):
        messages.error(request, _("Two of these hours overlap, or end before they start. Nothing was changed."))
        return _page(request, whose, week=form, now=now, status=422)
    except time_away.StillBooked as asked:
        return _page(request, whose, week=form, leaves=question(asked, request.POST), now=now, status=422)
    if not is_fine:
        return _page(request, whose, week=form, now=now, status=422)
    own = _("Your weekly hours are saved. New bookings follow them from now on.")
    other = _("The weekly hours of %(name)s are saved. New bookings follow them from now on.")
    messages.success(request, whose.says(own, other))
    return redirect(_next_page(request, whose, now=now))


def _copied(request: ActorRequest, whose: Whose, day: int, to: list[int], *, now: datetime) -> HttpResponse:
    """The page with one day's hours on other days too; they are looked over before they are saved."""
    rows = whose.weekly()
    week = WeekForm(request.POST, hours=rows, locations=_places(rows), psychologist=whose.psychologist)
    if to:
        week.copy(day, to)
        messages.info(request, _("Copied. Nothing is saved yet: look it over, then save."))
    else:
        messages.info(request, _("Choose the days that they are to be copied to."))
    return _page(request, whose, week=week, now=now)


def _previewed(request: ActorRequest, whose: Whose, *, now: datetime) -> HttpResponse:
    """The page, or its picture alone, with the week as it is typed; nothing is saved, and nothing is wrong yet."""
    rows = whose.weekly()
    week = WeekForm(request.POST, hours=rows, locations=_places(rows), psychologist=whose.psychologist)
    return _page(request, whose, week=week, now=now)


def add_exception(request: ActorRequest, whose: Whose) -> HttpResponse:
    """Adds time away, or extra hours."""
    now = timezone.now()
    form = SlotForm(request.POST, zone=_zone(whose.weekly()), now=now, is_own=whose.is_own)
    if not form.is_valid():
        return _page(request, whose, slot=form, now=now, status=422)
    said = form.cleaned_data
    try:
        with making(request, now=now) as made:
            slot = time_away.add_time_slot(
                knowing=known(request.POST),
                psychologist=whose.psychologist,
                kind=said["kind"],
                starts_at=said["starts_at"],
                ends_at=said["ends_at"],
                location=said["location"],
                label=said["label"],
                by=request.actor,
                now=now,
            )
            made.leads_to(_next_page(request, whose, now=now))
    except HoursOverlap:
        words = whose.says(
            _("You have extra hours at that time already."), _("%(name)s has extra hours at that time already.")
        )
        form.add_error("from_time", words)
        return _page(request, whose, slot=form, now=now, status=422)
    except AwayAlready:
        form.add_error("first_day", whose.says(_("You are already away then."), _("%(name)s is already away then.")))
        return _page(request, whose, slot=form, now=now, status=422)
    except time_away.StillBooked as asked:
        return _page(request, whose, slot=form, strands=question(asked, request.POST), now=now, status=422)
    if slot.kind == TimeSlot.Kind.EXTRA:
        _say_what_is_open(request, whose, slot)
        return made.answer
    own, other = (
        _("You are shown as away. Nobody can book that time."),
        _("%(name)s is shown as away. Nobody can book that time."),
    )
    messages.success(request, whose.says(own, other))
    return made.answer


def _say_what_is_open(request: ActorRequest, whose: Whose, slot: TimeSlot) -> None:
    """Extra hours that somebody added: which of them can be booked, for time away wins."""
    zone = slot.location.zone if slot.location else ClinicSettings.current().zone
    off = _away_in(whose, slot)
    parts = slot.open_parts(off)
    if not off:
        messages.success(request, _("The extra hours are open for booking."))
    elif parts:
        times = listed(f"{clock(begins, zone)} – {clock(ends, zone)}" for begins, ends in parts)
        words = _("There is time away in a part of these extra hours, and that counts. Open for booking: %(times)s.")
        messages.warning(request, words % {"times": times})
    else:
        words = _("There is time away then, and that counts: nobody can book these extra hours until it is removed.")
        messages.warning(request, words)


def _away_in(whose: Whose, slot: TimeSlot) -> list[TimeSlot]:
    return list(whose.slots().away().between(slot.starts_at, slot.ends_at))


def remove_exception(request: ActorRequest, whose: Whose, code: UUID) -> HttpResponse:
    """Takes an exception back: the week's hours count again. Asks before it leaves sessions outside them."""
    now = timezone.now()
    if not TimeSlot.objects.filter(code=code).exists():
        # Another window was faster.
        messages.info(request, _("That is not there any more. Nothing was done."))
        return redirect(whose.url)
    slot = get_object_or_404(whose.slots().select_related("psychologist"), code=code)
    try:
        time_away.remove_time_slot(time_slot=slot, knowing=known(request.POST), by=request.actor, now=now)
    except time_away.StillBooked as asked:
        return _page(request, whose, removing=slot, orphans=question(asked, request.POST), now=now, status=422)
    messages.success(request, _("Removed. The weekly hours count again at that time."))
    return redirect(_next_page(request, whose, now=now))


def _next_page(request: ActorRequest, whose: Whose, *, now: datetime) -> str:
    """Where somebody goes on who was asked about sessions: where they decide what becomes of them."""
    return whose.decide_url if known(request.POST) and whose.has_to_decide(now=now) else whose.url


def _zone(rows: list[WorkingHours]) -> ZoneInfo:
    return home_zone(rows, clinic=ClinicSettings.current())


def _places(rows: list[WorkingHours]) -> list[Location]:
    """Where one may work; a place that is closed now stays in the list as long as one's hours name it."""
    mine = {row.location_id for row in rows}
    return [place for place in kept.places().values() if place.is_active or place.pk in mine]


def _page(
    request: ActorRequest,
    whose: Whose,
    *,
    week: WeekForm | None = None,
    leaves: Question | None = None,
    slot: SlotForm | None = None,
    strands: Question | None = None,
    removing: TimeSlot | None = None,
    orphans: Question | None = None,
    now: datetime,
    status: int = 200,
) -> HttpResponse:
    """The page; before the week or time away is saved, it asks about the sessions that it `leaves` or `strands`.

    So it does about the `orphans` of extra hours that somebody is `removing`.
    """
    rows = whose.weekly()
    zone, places = _zone(rows), _places(rows)
    here = local_day(now, zone)
    week = week or WeekForm(hours=rows, locations=places, psychologist=whose.psychologist)
    undecided = whose.undecided()
    waiting = {session.pk for session in undecided}
    # Somebody agreed to these.
    left = [one for one in whose.left(rows, now=now) if one.session.pk not in waiting]
    slots = list(whose.slots().filter(ends_at__gt=now).select_related("location").order_by("starts_at"))
    said = request.POST.get("preview") or request.POST.get("week") or request.GET.get("week")
    standing = rows if not week.is_bound else week.readable
    context = {
        "picture": picture.picture_of(
            picture.asked_week(said, today=here),
            hours=standing,
            slots=slots,
            ways=whose.psychologist.modes,
            usual=_usual(rows),
            today=here,
        ),
        "unread": week.is_bound and len(week.readable) < week.filled,
        "closed_days": picture.closed_days_of(standing, slots, today=here)[:CLOSED_DAYS],
        "whose": whose,
        "week": week,
        "days": list(drawn_days(week, in_several_places=len(places) > 1)),
        "leaves": leaves,
        "slot": slot or SlotForm(initial=_proposed(request), zone=zone, now=now, is_own=whose.is_own),
        "strands": strands,
        "removing": removing,
        "orphans": orphans,
        "in_several_places": len(places) > 1,
        **whose.beside(now),
        "slots": _slots(whose, slots, zone=zone),
        "undecided": undecided[:FIRST],
        "undecided_count": len(undecided),
        "left": left[:SHOWN],
        "left_count": len(left),
        "has_hours": bool(rows),
        "zone": zone,
        "total": sum(row.minutes for row in rows if row.is_valid_on(here)) / 60,
    }
    return page_or_fragment(request, "hours/page.html", context, fragment="picture", status=status)


def _proposed(request: ActorRequest) -> dict[str, object]:
    """Extra hours on the day that an address names, such as a holiday that is to be worked."""
    try:
        day = DateField(picker=True).clean(request.GET.get("extra", ""))
    except ValidationError:
        return {}
    return {"kind": TimeSlot.Kind.EXTRA, "first_day": day}


def _usual(rows: Sequence[WorkingHours]) -> Location | None:
    """The place where most of the week is worked."""
    pk = usual_place(rows)
    return kept.places()[pk] if pk is not None else None


def _slots(whose: Whose, slots: Sequence[TimeSlot], *, zone: ZoneInfo) -> list[tuple[TimeSlot, str, bool, str]]:
    """Exceptions that are not over, each with its time in words, whether it is extra and opens nothing, and where it is
    taken back."""
    away = [slot for slot in slots if slot.kind == TimeSlot.Kind.BLOCKED]
    return [
        (
            slot,
            stretch(slot.starts_at, slot.ends_at, slot.location.zone if slot.location else zone),
            slot.kind == TimeSlot.Kind.EXTRA and not slot.open_parts(away),
            whose.remove_url(slot.code),
        )
        for slot in slots
    ]
