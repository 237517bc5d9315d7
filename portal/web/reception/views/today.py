"""Today at the desk: who comes, who is here, who pays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.roles import Role
from portal.appointments import actions
from portal.appointments.forms import SeenForm
from portal.appointments.models import Appointment
from portal.appointments.refusals import WrongState
from portal.appointments.states import Verb
from portal.clinic import kept
from portal.clinic.models import ClinicSettings, Psychologist
from portal.common.access.decorators import ActorRequest, allow
from portal.common.kept import stands_as
from portal.common.money import dollars
from portal.common.web import polling
from portal.common.web.htmx import htmx_of, page_or_fragment, targets
from portal.journeys import paying, sessions
from portal.reports.days import NEXT_HOUR, Arrival, DayList, read_day, trace_of
from portal.web.calendars.refused import in_words
from portal.web.reception.arrivals import Chosen, Lines
from portal.web.reception.forms import ArrivalsFilter, day_in
from portal.web.reception.lost import drawn_lost
from portal.web.reception.to_do import ROOM
from portal.web.to_do.pages import on_a_home_page


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def today(request: ActorRequest) -> HttpResponse:
    return _page(request, now=timezone.now())


def _page(request: ActorRequest, *, now: datetime, pressed: Appointment | None = None) -> HttpResponse:
    """The day's list, whole or as the fragment that looks for news each minute."""
    clinic = ClinicSettings.current()
    this_day = clinic.today(now)
    day = day_in(request.GET) or this_day
    chosen = ArrivalsFilter.read(request.GET)
    locations = [place for place in kept.places().values() if place.is_active]
    if chosen["at"] not in {place.slug for place in locations}:
        chosen["at"] = ""
    known = ""
    if pressed is None and polling.is_poll(request):
        trace = trace_of(request.actor, day, clinic=clinic, now=now)
        if trace is not None:
            known = polling.fingerprint(request, stands_as(), this_day, day, *trace)
            if polling.still_shows(request, known):
                return polling.not_modified(known)
    listed = read_day(request.actor, day, clinic=clinic, now=now, location=chosen["at"])
    # Whose button was pressed: the button is gone with the old list, and the focus goes to the same line.
    again = Chosen(day, by=chosen["by"], place=chosen["at"], pressed=pressed.code if pressed else None)
    lines = Lines(again, token=get_token(request))
    # What is done stands below, folded, while the day runs: a day that is looked up is listed as it was.
    done = [one for one in listed.arrivals if one.is_done] if day == this_day else []
    to_do = [one for one in listed.arrivals if one not in done] if done else listed.arrivals
    context = {
        "day": day,
        "is_today": day == this_day,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1),
        "listed": listed,
        "groups": [
            (name, lines.drawn(arrivals, shows_psychologist=not name))
            for name, arrivals in _groups(to_do, chosen["by"])
        ],
        "done": lines.drawn(done, shows_psychologist=True),
        "done_count": len(done),
        "shows_done": not to_do or any(one.session.code == again.pressed for one in done),
        "lost": drawn_lost(listed.lost),
        "chosen": chosen,
        "locations": locations if len(locations) > 1 else [],
        "stats": _stats(listed, is_today=day == this_day, now=now),
        "now": now,
        "known": known,
    }
    if day == this_day and htmx_of(request) is None:
        context["to_do"] = on_a_home_page(request, ROOM, now=now)
    return page_or_fragment(request, "reception/today.html", context, fragment="arrivals")


def _groups(arrivals: list[Arrival], by: str) -> list[tuple[str, list[Arrival]]]:
    """One list in order of time, or one for each psychologist under their name."""
    if by == ArrivalsFilter.TIME:
        return [("", arrivals)] if arrivals else []
    groups: dict[Psychologist, list[Arrival]] = {}
    for arrival in arrivals:
        groups.setdefault(arrival.session.psychologist, []).append(arrival)
    return [(person.name, rows) for person, rows in sorted(groups.items(), key=lambda g: (g[0].position, g[0].name))]


def _stats(listed: DayList, *, is_today: bool, now: datetime) -> list[dict[str, Any]]:
    if not is_today:
        return []
    return [
        {"value": listed.arriving_before(now + NEXT_HOUR), "label": _("arriving in the next hour")},
        {"value": listed.late, "label": _("late, not here yet")},
        {"value": listed.here, "label": _("in the waiting room")},
        {"value": dollars(listed.to_collect), "label": _("to collect for today's sessions")},
    ]


# ---- One press ------------------------------------------------------------------------------------------------------


def _press(
    request: ActorRequest, code: UUID, verb: Verb, step: Callable[..., Appointment], *, done: str
) -> HttpResponse:
    """Does one step on one session and answers the list, or the page that asked.

    Two people at the desk may press at once: the second is told what the first did, and nothing happens twice.
    Who presses twice is told what they did.
    """
    session = get_object_or_404(Appointment.objects.visible_to(request.actor).for_listing(), code=code)
    now = timezone.now()
    try:
        step(appointment=session, by=request.actor, now=now, seen=SeenForm.read(request.POST))
        is_done, why = True, ""
    except WrongState as refused:
        is_done, why = actions.is_done_by(session, verb, by=request.actor), refused.reason
    if not is_done:
        messages.warning(request, in_words(verb, why, session, by=request.actor, now=now))
    else:
        messages.success(request, done % {"name": session.patient.name if session.patient else ""})
    if targets(request, "arrivals"):
        return _page(request, now=now, pressed=session)
    if request.POST.get("from") == "appointment":
        # As after a late cancelling: whether there is a fee is asked at once.
        asked = is_done and verb is Verb.NO_SHOW and _has_fee(session)
        return redirect("reception:fee" if asked else "reception:appointment", code=session.code)
    return redirect("reception:today")


def _has_fee(session: Appointment) -> bool:
    session.refresh_from_db()
    return paying.fee_to_come(session, clinic=ClinicSettings.current()) is not None


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def check_in(request: ActorRequest, code: UUID) -> HttpResponse:
    return _press(request, code, Verb.CHECK_IN, actions.check_in, done=_("%(name)s is here."))


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def no_show(request: ActorRequest, code: UUID) -> HttpResponse:
    return _press(request, code, Verb.NO_SHOW, sessions.mark_no_show, done=_("%(name)s is marked as a no-show."))
