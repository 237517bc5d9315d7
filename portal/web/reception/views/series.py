"""Several sessions of one series at the desk: moving them, or calling them off, together."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from portal.accounts.roles import Role
from portal.appointments.forms import CancelForm
from portal.appointments.models import Appointment
from portal.appointments.refusals import NotCancellable, NotReschedulable, SlotTaken
from portal.appointments.series_forms import ChosenSessions
from portal.appointments.states import Verb
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.htmx import page_or_fragment
from portal.journeys import sessions
from portal.journeys.repeating import telling
from portal.journeys.repeating.cancelling import Which, cancel_sessions, choices
from portal.journeys.repeating.moving import Moving, move_sessions, propose_move
from portal.web.calendars.refused import in_words
from portal.web.calendars.told import say_what_was_done
from portal.web.reception.series_forms import MoveForm


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: ActorRequest, code: UUID) -> HttpResponse:
    """Lists what is to come of the series, this one and what follows ticked, asks why, and calls off what is ticked."""
    series = Appointment.objects.visible_to(request.actor).filter(series__isnull=False)
    session = get_object_or_404(series.for_listing(), code=code)
    now, clinic, is_sent = timezone.now(), ClinicSettings.current(), request.method == "POST"
    which = Which.ALL if request.GET.get("which") == Which.ALL else Which.FOLLOWING
    listed = choices(session, which=which, by=request.actor, now=now, clinic=clinic)
    able = {choice.value: choice for choice in listed if choice.why is None}
    chosen = ChosenSessions(request.POST if is_sent else None, values=list(able))
    form = CancelForm(request.POST if is_sent else None)
    if is_sent and chosen.is_valid() and form.is_valid():
        asked = [(able[value].session, value.split()[1]) for value in chosen.cleaned_data["session"]]
        try:
            gone = cancel_sessions(asked, reason=form.cleaned_data["reason"], by=request.actor, now=now)
        except NotCancellable:
            messages.error(
                request, _("One of these sessions was changed meanwhile, and none was cancelled. Look at them again.")
            )
            return redirect("reception:cancel_series", code=session.code)
        done = ngettext("%(n)s session is cancelled.", "%(n)s sessions are cancelled.", len(gone)) % {"n": len(gone)}
        say_what_was_done(request, done, telling.told(gone, now=now) if gone else [], is_past=not gone)
        if late := sum(each.late for each in gone):
            words = ngettext(
                "%(n)s of them is cancelled late: its fee is on the to-do list.",
                "%(n)s of them are cancelled late: their fees are on the to-do list.",
                late,
            )
            messages.warning(request, words % {"n": late})
        return redirect("reception:patient", code=session.person.code)
    if is_sent:
        ticked = request.POST.getlist("session")
        for choice in listed:
            choice.is_chosen = choice.value in ticked
    context = {"session": session, "choices": listed, "chosen": chosen, "form": form, "which": which.value}
    return render(request, "reception/cancel_series.html", context, status=422 if is_sent else 200)


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: ActorRequest, code: UUID) -> HttpResponse:
    """Another day or time for this session and those after it, or all: each settled before any is moved."""
    series = Appointment.objects.visible_to(request.actor).filter(series__isnull=False)
    session = get_object_or_404(series.for_listing(), code=code)
    now, clinic, is_sent = timezone.now(), ClinicSettings.current(), request.method == "POST"
    if why := sessions.steps(session, by=request.actor, now=now)[Verb.MOVE].why:
        messages.error(request, in_words(Verb.MOVE, why, session, by=request.actor, now=now))
        return redirect("reception:appointment", code=session.code)
    data = request.POST if is_sent else request.GET
    form = MoveForm(
        data if "day" in data else None, initial={"day": session.local_start.date(), "at": session.local_start.time()}
    )
    proposal, staying, is_taken = None, [], False

    def read() -> Moving:
        return propose_move(
            session,
            day=form.cleaned_data["day"],
            at=form.cleaned_data["at"],
            which=Which(form.cleaned_data["which"]),
            data=request.POST if is_sent else None,
            by=request.actor,
            now=now,
            clinic=clinic,
        )

    if form.is_valid():
        asked = read()
        if is_sent and asked.proposal.is_whole:
            try:
                moved = move_sessions(asked.proposal.terms, asked.moves, by=request.actor, now=now)
            except SlotTaken:
                asked = read()
                is_taken = True
            except NotReschedulable:
                words = _("One of these sessions was changed meanwhile, and none was moved. Look at them again.")
                messages.error(request, words)
                return redirect("reception:move_series", code=session.code)
            else:
                done = ngettext("%(n)s session is moved.", "%(n)s sessions are moved.", len(moved)) % {"n": len(moved)}
                say_what_was_done(request, done, telling.told(moved, now=now), is_past=False)
                return redirect("reception:appointment", code=session.code)
        proposal, staying = asked.proposal, asked.staying
        is_taken = is_taken or (is_sent and any(line.clash for line in proposal.lines))
    context = {
        "session": session,
        "form": form,
        "proposal": proposal,
        "staying": staying,
        "is_taken": is_taken,
        "is_sent": is_sent,
        "action": request.path,
    }
    status = 409 if is_taken else 422 if is_sent or form.errors else 200
    return page_or_fragment(request, "reception/move_series.html", context, fragment="series", status=status)
