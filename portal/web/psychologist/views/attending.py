"""One session of one's own: what can be done with it, and whether it was held, said by who was there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.roles import Role
from portal.appointments import actions
from portal.appointments.forms import SeenForm
from portal.appointments.models import Appointment
from portal.appointments.refusals import WrongState
from portal.appointments.states import Verb, Why
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.access.decorators import ActorRequest, allow
from portal.journeys import changing, sessions
from portal.journeys.meanwhile import last_step
from portal.journeys.rearranging.deciding import undecided_about
from portal.records.session_notes import states_of_notes
from portal.web.calendars import undoing
from portal.web.psychologist.views.stranded import OWN
from portal.web.rearranging.audience import address


def _session(request: ActorRequest, code: UUID) -> Appointment:
    return get_object_or_404(Appointment.objects.visible_to(request.actor).without_holds().for_listing(), code=code)


@allow(Role.PSYCHOLOGIST)
@require_safe
def session(request: ActorRequest, code: UUID) -> HttpResponse:
    """All that can be done with a session, each one press away: its note, moving, cancelling, repeating."""
    found, now = _session(request, code), timezone.now()
    note = states_of_notes([found.code]).get(found.code)
    asked = undecided_about([found]).get(str(found.code), [])
    context = {
        "session": found,
        "why": OWN.why(found, asked),
        "decide_url": address(OWN.namespace, at=found.code) if asked else "",
        "steps": sessions.steps(found, by=request.actor, now=now),
        "deadline": changing.deadline_of(found, now=now, clinic=ClinicSettings.current()),
        "moved": undoing.just_moved(request, now=now, of=found),
        "has_note": note is not None,
        "is_signed": bool(note),
        "has_begun": found.starts_at <= now,
        "day_url": _day_of(found),
        "calendar_url": f"{reverse('psychologist:calendar')}?day={found.local_start:%Y-%m-%d}",
    }
    return render(request, "psychologist/session.html", context)


@allow(Role.PSYCHOLOGIST)
@require_POST
def complete(request: ActorRequest, code: UUID) -> HttpResponse:
    """The session was held."""
    return _press(
        request, code, Verb.COMPLETE, sessions.complete, done=_("The session with %(name)s is marked as completed.")
    )


@allow(Role.PSYCHOLOGIST)
@require_POST
def no_show(request: ActorRequest, code: UUID) -> HttpResponse:
    """Nobody came."""
    return _press(request, code, Verb.NO_SHOW, sessions.mark_no_show, done=_("%(name)s is marked as a no-show."))


def _press(
    request: ActorRequest, code: UUID, verb: Verb, step: Callable[..., Appointment], *, done: str
) -> HttpResponse:
    """Does one step and shows the day again; an old page is told that nothing was done.

    Who presses twice is told both times that it is.
    """
    found, now = _session(request, code), timezone.now()
    try:
        step(appointment=found, by=request.actor, now=now, seen=SeenForm.read(request.POST))
    except WrongState as refused:
        if not actions.is_done_by(found, verb, by=request.actor):
            messages.warning(request, _in_words(refused.reason, found, by=request.actor, now=now))
            return _its_day(found)
    messages.success(request, done % {"name": found.patient.name if found.patient else ""})
    return _its_day(found)


def _its_day(found: Appointment) -> HttpResponse:
    return redirect(_day_of(found))


def _day_of(found: Appointment) -> str:
    return f"{reverse('psychologist:today')}?day={found.local_start.date().isoformat()}"


def _in_words(why: str, session: Appointment, *, by: Actor, now: datetime) -> str:
    match why:
        case Why.NOT_STARTED:
            return _("The session has not started yet.")
        case Why.NOTE_SIGNED:
            return _("You signed a note of this session, so it took place.")
    if done := last_step(session, by=by, now=now):
        return f"{done} {_('So nothing was done. Look at the session again.')}"
    return _("This session was changed since the page was opened, and nothing was done. Look at it again.")
