"""Taking back what was pressed by mistake: a check-in, a no-show, a completed session. Each asks why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.accounts.roles import Role
from portal.appointments import actions
from portal.appointments.actions import rules
from portal.appointments.forms import SeenForm, UndoForm
from portal.appointments.models import Appointment
from portal.appointments.refusals import SlotTaken, WrongState
from portal.appointments.states import MOVES, Verb
from portal.common.access.actors import Actor
from portal.common.access.decorators import ActorRequest, allow
from portal.common.languages.times import local_day
from portal.journeys import sessions
from portal.web.calendars.in_the_way import in_the_way
from portal.web.calendars.refused import in_words


def _undo(
    request: ActorRequest,
    code: UUID,
    verb: Verb,
    step: Callable[..., Appointment],
    *,
    means: str,
    done: str,
    past: str = "",
) -> HttpResponse:
    """Says what taking it back means, asks why, and does it; an old page is told that nothing was done.

    Who sends the same form twice is told both times that it is done.
    `past` is what it means beside that once the session's own day is over.
    """
    session = get_object_or_404(Appointment.objects.visible_to(request.actor).without_holds().for_listing(), code=code)
    now = timezone.now()
    name = {"name": session.patient.name if session.patient else ""}
    asked = sessions.steps(session, by=request.actor, now=now)[verb]
    if asked.why and request.method == "POST" and actions.is_done_by(session, verb, by=request.actor):
        messages.success(request, done % name)
        return redirect("reception:appointment", code=session.code)
    if asked.why:
        messages.warning(request, in_words(verb, asked.why, session, by=request.actor, now=now))
        return redirect("reception:appointment", code=session.code)
    form = UndoForm(request.POST if request.method == "POST" else None, verb=verb)
    if request.method == "POST" and form.is_valid():
        reason, seen = form.cleaned_data["reason"], SeenForm.read(request.POST)
        try:
            step(appointment=session, reason=reason, by=request.actor, now=now, seen=seen)
        except WrongState as refused:
            if actions.is_done_by(session, verb, by=request.actor):
                messages.success(request, done % name)
            else:
                messages.warning(request, in_words(verb, refused.reason, session, by=request.actor, now=now))
        except SlotTaken as taken:
            messages.error(request, _stays(session, taken, by=request.actor, now=now))
        else:
            messages.success(request, done % name)
        return redirect("reception:appointment", code=session.code)
    if past and local_day(session.starts_at, session.zone) < local_day(now, session.zone):
        means = f"{means} {past}"
    context = {"session": session, "form": form, "label": MOVES[verb].label, "means": means % name}
    return render(request, "reception/undo.html", context, status=422 if request.method == "POST" else 200)


def _stays(session: Appointment, taken: SlotTaken, *, by: Actor, now: datetime) -> str:
    """What has its time by now, and that it is not given back."""
    why = in_the_way(
        taken,
        rules.moved(session, session.starts_at),
        patient=session.person,
        psychologists=[session.psychologist],
        location=session.location,
        by=by,
        now=now,
        ignore=session,
    )
    return f"{why.words} {_('So this session stays as it is.')}"


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def check_in(request: ActorRequest, code: UUID) -> HttpResponse:
    return _undo(
        request,
        code,
        Verb.UNDO_CHECK_IN,
        actions.undo_check_in,
        means=_("%(name)s will no longer be shown as here. The session stays booked."),
        done=_("%(name)s is no longer marked as here."),
    )


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def no_show(request: ActorRequest, code: UUID) -> HttpResponse:
    return _undo(
        request,
        code,
        Verb.UNDO_NO_SHOW,
        sessions.undo_no_show,
        means=_("The session will be booked again, if nobody else was given its time."),
        past=_("Its day is past, so the next step is to check it out, or to cancel it."),
        done=_("%(name)s's session is booked again."),
    )


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def completed(request: ActorRequest, code: UUID) -> HttpResponse:
    return _undo(
        request,
        code,
        Verb.REOPEN,
        sessions.reopen,
        means=_(
            "The session will no longer count as held, and has to be checked out again, cancelled or marked as a "
            "no-show. A draft of a note stays with it."
        ),
        done=_("%(name)s's session is open again."),
    )
