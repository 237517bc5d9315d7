"""Moving a session: dragged, typed or chosen from free times it comes to one question, and is moved then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.appointments import diary
from portal.appointments.actions import rules
from portal.appointments.forms import SeenForm
from portal.appointments.models import Appointment, OutsideCalendar
from portal.appointments.refusals import NotOffered, NotReschedulable, SlotTaken
from portal.appointments.states import Verb
from portal.clinic import kept
from portal.clinic.models import ClinicSettings, Location, Mode, Psychologist
from portal.common.access.decorators import ActorRequest
from portal.common.languages.times import local_day
from portal.journeys import booking, choosing, last_told, sessions
from portal.journeys.moving import move as move_session
from portal.web.calendars import changes, undoing
from portal.web.calendars.audience import Audience
from portal.web.calendars.in_the_way import InTheWay, in_the_way, not_worked_because
from portal.web.calendars.move_forms import TIMES, MoveForm, Sent, SentForm
from portal.web.calendars.refused import in_words, why_not
from portal.web.calendars.told import say_what_stands


class Target(NamedTuple):
    """When, with whom, where and how a session is to be."""

    starts_at: datetime
    psychologist: Psychologist
    location: Location
    mode: Mode

    @property
    def value(self) -> str:
        """What the question's form sends back."""
        return f"{self.starts_at.astimezone(UTC):%Y-%m-%dT%H:%MZ} {self.location.slug} {self.psychologist.slug}"


def move(
    request: ActorRequest, audience: Audience, people: Sequence[Psychologist], code: UUID, *, zone: ZoneInfo
) -> HttpResponse:
    """Asks where it is to be, unless the address says it; then asks once whether it is meant; then moves it."""
    session = get_object_or_404(Appointment.objects.visible_to(request.actor).without_holds().for_listing(), code=code)
    now = timezone.now()
    if why := sessions.steps(session, by=request.actor, now=now)[Verb.MOVE].why:
        messages.error(request, in_words(Verb.MOVE, why, session, by=request.actor, now=now))
        return redirect(day_of(audience, session, zone))
    sent = SentForm.read(request.POST if request.method == "POST" else request.GET)
    page = _Page(request, audience, session, sent, zone=zone, now=now)
    if request.method == "POST" or sent.to:
        target = _named(sent, session, people)
        if target is None:
            return page.form(MoveForm(initial=_present(session, zone), people=people, zone=zone), status=422)
        return page.moved(target) if request.method == "POST" else page.first_look(target)
    if "day" not in request.GET or "at" not in request.GET:
        return page.form(MoveForm(initial=_present(session, zone), people=people, zone=zone))
    form = MoveForm({"psychologist": session.psychologist.slug} | request.GET.dict(), people=people, zone=zone)
    if not form.is_valid():
        return page.form(form, status=422)
    whom = next(p for p in people if p.slug == form.cleaned_data["psychologist"])
    starts_at = form.cleaned_data["starts_at"]
    place = _place(session, whom, starts_at, zone=zone, now=now)
    return page.first_look(Target(starts_at, whom, place, Mode(session.mode)))


def question_url(audience: Audience, session: Appointment, target: Target, *, came_from: str) -> str:
    """The address of the question whether a session is to be moved there."""
    said = {"to": target.value, "mode": target.mode.value, "came_from": came_from}
    return f"{reverse(f'{audience.namespace}:move_in_calendar', args=[session.code])}?{urlencode(said)}"


def day_of(audience: Audience, session: Appointment, zone: ZoneInfo) -> str:
    """The calendar at the day of a session."""
    return f"{audience.url('calendar')}?day={local_day(session.starts_at, zone):%Y-%m-%d}"


def _present(session: Appointment, zone: ZoneInfo) -> dict[str, Any]:
    there = timezone.localtime(session.starts_at, zone)
    return {"day": local_day(there, zone), "at": there.time(), "psychologist": session.psychologist.slug}


def _named(sent: Sent, session: Appointment, people: Sequence[Psychologist]) -> Target | None:
    """What the question asks about; None of anything that it never said."""
    try:
        starts_at, location, slug = choosing.read_whose_time(sent.to)
    except ValueError:
        return None
    whom = next((person for person in people if person.slug == slug), None)
    mode = next((mode for mode in Mode if mode.value == sent.mode), Mode(session.mode))
    return Target(starts_at, whom, location, mode) if whom else None


def _place(session: Appointment, whom: Psychologist, starts_at: datetime, *, zone: ZoneInfo, now: datetime) -> Location:
    """Where the psychologist works at that time; the session's own place where they work there too, or nowhere."""
    (day,) = diary.day([whom], local_day(starts_at, zone), zone=zone, now=now)
    there = [work.location for work in day.work if work.starts_at <= starts_at < work.ends_at]
    own = kept.places()[session.location_id]
    return own if own in there or not there else there[0]


class _Page:
    """The pages of one session's move."""

    def __init__(
        self,
        request: ActorRequest,
        audience: Audience,
        session: Appointment,
        sent: Sent,
        *,
        zone: ZoneInfo,
        now: datetime,
    ) -> None:
        self.request, self.audience, self.session, self.sent = request, audience, session, sent
        self.zone, self.now = zone, now
        # The desk's page of free times asks here too, and is led back to.
        self.from_times = bool(audience.times) and sent.came_from == TIMES

    def form(self, form: MoveForm, *, status: int = 200) -> HttpResponse:
        """Asks where it is to be."""
        return self._render({"form": form}, status=status)

    def first_look(self, target: Target) -> HttpResponse:
        """The question, with what stands in the way already said."""
        try:
            rules.check_move(
                self.session,
                target.starts_at,
                psychologist=target.psychologist,
                location=target.location,
                mode=target.mode,
                by=self.request.actor,
                now=self.now,
                clinic=ClinicSettings.current(),
            )
        except SlotTaken as refused:
            return self.question(target, way=self._in_the_way(refused, target))
        except NotOffered as refused:
            if refused.reason == "time":
                return self.question(target, outside=True)
            return self.question(target, refusal=why_not(refused.reason))
        return self.question(target)

    def question(
        self,
        target: Target,
        *,
        refusal: str = "",
        way: InTheWay | None = None,
        outside: bool = False,
        status: int = 200,
    ) -> HttpResponse:
        """Marks what changes, and says who will be told."""
        session, now = self.session, self.now
        moved = booking.as_moved(session, starts_at=target.starts_at, location=target.location, now=now)
        moved.psychologist, moved.mode = target.psychologist, target.mode
        told = booking.told(moved, now=now, was=session.starts_at)
        return self._render(
            {
                "target": target,
                "lines": list(changes.lines(session, moved, clinic=ClinicSettings.current())),
                "keeps_its_time": target.starts_at == session.starts_at,
                "told": [reader.shown for reader in told],
                "is_known": last_told.is_known(session, moved),
                "is_past": max(target.starts_at, session.starts_at) <= now,
                "to_past": target.starts_at <= now,
                "is_barred": self._is_barred(target),
                "refusal": refusal,
                "in_the_way": way,
                "outside": outside,
                "because": self._because(target) if outside else "",
                "elsewhere": self._elsewhere(target) if outside else None,
            },
            status=status,
        )

    def _is_barred(self, target: Target) -> bool:
        """Whether it is still to come and would be put into the past: a slip of the hand, in a calendar.

        That it was held earlier than booked is typed on the desk's page of free times, and recorded.
        """
        return not self.from_times and target.starts_at <= self.now < self.session.starts_at

    def _in_the_way(self, refused: SlotTaken, target: Target) -> InTheWay:
        return in_the_way(
            refused,
            rules.moved(self.session, target.starts_at),
            patient=self.session.person,
            psychologists=[target.psychologist],
            location=target.location,
            by=self.request.actor,
            now=self.now,
            ignore=self.session,
        )

    def _because(self, target: Target) -> str:
        slot = rules.moved(self.session, target.starts_at)
        return not_worked_because(
            target.psychologist,
            target.location,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            mode=target.mode,
        )

    def _elsewhere(self, target: Target) -> OutsideCalendar | None:
        """The outside calendar by which they are busy then; None if by none."""
        slot = rules.moved(self.session, target.starts_at)
        return OutsideCalendar.objects.busy_at(target.psychologist, start=slot.starts_at, end=slot.ends_at)

    def moved(self, target: Target) -> HttpResponse:
        """Moves it, and leads to the calendar of its new day, where that can be undone; or says why it stays."""
        request, session, now = self.request, self.session, self.now
        if self._is_barred(target):
            return self.question(target, status=422)
        outside = self.sent.is_outside
        try:
            moved, was = move_session(
                appointment=session,
                starts_at=target.starts_at,
                psychologist=target.psychologist,
                location=target.location,
                mode=target.mode,
                by=request.actor,
                now=now,
                outside_hours=outside,
                seen=SeenForm.read(request.POST),
            )
        except SlotTaken as refused:
            return self.question(target, way=self._in_the_way(refused, target), status=409)
        except NotOffered as refused:
            if refused.reason == "time" and not outside:
                return self.question(target, outside=True, status=422)
            return self.question(target, refusal=why_not(refused.reason), status=422)
        except NotReschedulable as refused:
            messages.error(request, in_words(Verb.MOVE, refused.reason, session, by=request.actor, now=now))
            return redirect(self._back)
        if was is None:
            messages.info(request, _("It was there already: nothing was changed, and nobody is e-mailed."))
        else:
            undoing.remember(request, moved, was, now=now)
            say_what_stands(request, moved, session, now=now)
        return redirect(self._next(moved))

    @property
    def _back(self) -> str:
        """Where somebody goes who leaves it where it is."""
        if self.from_times:
            return reverse(f"{self.audience.namespace}:{self.audience.session}", args=[self.session.code])
        return day_of(self.audience, self.session, self.zone)

    def _next(self, moved: Appointment) -> str:
        """Where it can be undone: the calendar of its new day, or its patient's page.

        What is put on record afterwards is checked out next, on its own page.
        """
        if not self.from_times:
            return day_of(self.audience, moved, self.zone)
        if moved.starts_at <= self.now:
            return reverse(f"{self.audience.namespace}:{self.audience.session}", args=[moved.code])
        return reverse(f"{self.audience.namespace}:patient", args=[moved.person.code])

    def _render(self, context: dict[str, Any], *, status: int) -> HttpResponse:
        common = {
            "audience": self.audience,
            "session": self.session,
            "zone": self.zone,
            "now": self.now,
            "came_from": TIMES if self.from_times else "",
            "back_url": self._back,
            "calendar_url": day_of(self.audience, self.session, self.zone),
            "times_url": reverse(f"{self.audience.namespace}:{self.audience.times}", args=[self.session.code])
            if self.from_times
            else "",
            "session_page": f"{self.audience.namespace}:{self.audience.session}",
        }
        return render(self.request, "calendar/move.html", common | context, status=status)
