"""The day: who comes, who is here, what is still to be written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal.accounts.roles import Role
from portal.appointments import states
from portal.appointments.listing import room_or_way, with_clinic
from portal.appointments.models import Appointment
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import allow
from portal.common.languages.times import local_day
from portal.common.web.htmx import htmx_of, page_or_fragment
from portal.journeys.better_access import standings_of
from portal.journeys.choosing import monday_of
from portal.journeys.sessions import steps_of
from portal.records.session_notes import sessions_to_write_up, sessions_with_notes
from portal.web.hours.worked import home_zone
from portal.web.psychologist.forms import DayChoice
from portal.web.psychologist.lists import day_rows
from portal.web.psychologist.own_profile import PsychologistRequest, with_profile
from portal.web.psychologist.to_do import ROOM
from portal.web.psychologist.weeks import Day, Week, bounds, hours_of, read_week
from portal.web.to_do.pages import on_a_home_page

# How far back the page looks for notes that are missing; the page of notes goes further.
LOOK_BACK = timedelta(days=14)
NOTES_SHOWN = 6


@allow(Role.PSYCHOLOGIST)
@with_profile
@require_safe
def today(request: PsychologistRequest) -> HttpResponse:
    """Today, or another day by `?day=`; the list of sessions looks for news by itself."""
    now, hours = timezone.now(), hours_of(request.actor)
    zone = home_zone(hours, clinic=ClinicSettings.current())
    this_day = local_day(now, zone)
    day = DayChoice.read(request.GET) or this_day
    start, end = bounds(day, 1, zone)
    of_the_day = with_clinic(
        sessions_with_notes(Appointment.objects.visible_to(request.actor).for_lists())
        .between(start, end)
        .without_expired_holds(now=now)
        .order_by("starts_at")
    )
    sessions = [session for session in of_the_day if not session.is_declined]
    to_write = with_clinic(
        sessions_with_notes(
            sessions_to_write_up(request.actor, now=now, since=now - LOOK_BACK).for_lists().order_by("-starts_at")
        )[: NOTES_SHOWN + 1]
    )
    week = read_week(request.actor, monday=monday_of(day), hours=hours, zone=zone, now=now)
    following = next_session(sessions, now=now) if day == this_day else None
    # Nothing that bills a session keeps it from being said to be held or missed.
    left = [session for session in sessions if session.is_open]
    steps = steps_of(left, by=request.actor, now=now, invoiced=()) if left else {}
    context = {
        "day": day,
        "is_today": day == this_day,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1),
        "zone": zone,
        "sessions": sessions,
        "rows": day_rows(
            sessions,
            steps=steps,
            medicare=standings_of(sessions, now=now),
            zone=zone,
            now=now,
            token=get_token(request),
        ),
        "next": following,
        "next_place": room_or_way(following) if following else "",
        "stats": _stats(sessions, now=now) if day == this_day else [],
        "to_write": to_write[:NOTES_SHOWN],
        "more_to_write": len(to_write) > NOTES_SHOWN,
        "week": week,
        "load": _load(week, day),
        "now": now,
    }
    if htmx_of(request) is None:
        context["to_do"] = on_a_home_page(request, ROOM, now=now)
    return page_or_fragment(request, "psychologist/today.html", context, fragment="sessions")


def next_session(sessions: list[Appointment], *, now: datetime) -> Appointment | None:
    """Who is to be seen now or next: whoever is here first, then whoever is due."""
    here = [s for s in sessions if s.is_here]
    due = [s for s in sessions if s.is_booked and states.is_to_come(s, now=now)]
    return next(iter([*here, *due]), None)


def _stats(sessions: list[Appointment], *, now: datetime) -> list[dict[str, object]]:
    coming = [s for s in sessions if states.is_to_come(s, now=now) and not s.is_here]
    here = [s for s in sessions if s.is_here]
    unconfirmed = [s for s in coming if s.is_booked and not s.confirmed_at]
    seen = [s for s in sessions if s.is_completed]
    return [
        {"value": len(coming), "label": _("still to come today")},
        {"value": len(here), "label": _("here now")},
        {"value": len(unconfirmed), "label": _("not yet confirmed")},
        {"value": len(seen), "label": _("seen today")},
    ]


@dataclass(frozen=True, slots=True)
class Bar:
    """One day's sessions as a bar, in a picture 100 high."""

    day: Day
    top: int
    is_chosen: bool

    @property
    def height(self) -> int:
        return 100 - self.top


def _load(week: Week, chosen: date) -> list[Bar]:
    # A week with one session a day must not look like a full one.
    full = max(6, *(day.counted for day in week.shown))
    return [Bar(day, top=100 - round(100 * day.counted / full), is_chosen=day.date == chosen) for day in week.shown]
