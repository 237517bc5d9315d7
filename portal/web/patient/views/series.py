"""Several sessions of one series in a patient's pages: moving them, or calling them off, together."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, CancelReason
from portal.appointments.refusals import NotCancellable, NotOffered, NotReschedulable, SlotTaken
from portal.appointments.series_forms import ChosenSessions, MoveForm, Which
from portal.appointments.states import Verb
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.htmx import page_or_fragment
from portal.common.web.once import making, once
from portal.journeys import changing, sessions, told
from portal.journeys.repeating.cancelling import cancel_sessions, choices
from portal.journeys.repeating.moving import Moving, move_sessions, propose_move


@allow(Role.PATIENT)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: ActorRequest, code: UUID) -> HttpResponse:
    """Lists what is to come of the series with what cancelling each costs now, and calls off what is ticked."""
    series = Appointment.objects.visible_to(request.actor).filter(series__isnull=False)
    session = get_object_or_404(series.for_listing(), code=code)
    now, clinic, is_sent = timezone.now(), ClinicSettings.current(), request.method == "POST"
    which = Which.ALL if request.GET.get("which") == Which.ALL else Which.FOLLOWING
    listed = choices(session, which=which, by=request.actor, now=now, clinic=clinic)
    able = {choice.value: choice for choice in listed if choice.why is None}
    chosen = ChosenSessions(request.POST if is_sent else None, values=list(able))
    if is_sent and chosen.is_valid():
        asked = [(able[value].session, value.split()[1]) for value in chosen.cleaned_data["session"]]
        try:
            with making(request, now=now) as made:
                gone = cancel_sessions(asked, reason=CancelReason.PATIENT, by=request.actor, now=now)
                made.leads_to("patient:appointments")
        except NotCancellable:
            messages.warning(
                request, _("One of these sessions was changed meanwhile, and none was cancelled. Look at them again.")
            )
            return redirect("patient:cancel_series", code=session.code)
        if gone:
            done = ngettext("%(n)s session is cancelled.", "%(n)s sessions are cancelled.", len(gone))
            done = told.with_mail(done % {"n": len(gone)}, gone[-1], by=request.actor, now=now)
        else:
            done = _("These sessions are already cancelled. There is nothing more to do.")
        messages.success(request, done)
        return made.answer
    if is_sent:
        ticked = request.POST.getlist("session")
        for choice in listed:
            choice.is_chosen = choice.value in ticked
    context = {"session": session, "choices": listed, "chosen": chosen, "which": which.value}
    return render(request, "patient/cancel_series.html", context, status=422 if is_sent else 200)


@allow(Role.PATIENT)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: ActorRequest, code: UUID) -> HttpResponse:
    """Another day or time for this session and those after it, or all: each settled before any moves."""
    series = Appointment.objects.visible_to(request.actor).filter(series__isnull=False)
    session = get_object_or_404(series.for_listing(), code=code)
    now, clinic, is_sent = timezone.now(), ClinicSettings.current(), request.method == "POST"
    if not sessions.steps(session, by=request.actor, now=now)[Verb.MOVE].allowed:
        messages.error(request, _("This session can no longer be moved here. Please phone us."))
        return redirect("patient:appointment", code=session.code)
    data = request.POST if is_sent else request.GET
    initial = {"day": session.local_start.date(), "at": session.local_start.time()}
    form = MoveForm(data if "day" in data else None, initial=initial)
    asked, refusal, is_taken = None, "", False

    def read() -> Moving:
        said = form.cleaned_data
        return propose_move(
            session,
            day=said["day"],
            at=said["at"],
            which=said["which"],
            data=request.POST if is_sent else None,
            by=request.actor,
            now=now,
            clinic=clinic,
        )

    if form.is_valid():
        asked = read()
        if is_sent and asked.proposal.is_whole:
            try:
                with making(request, now=now) as made:
                    moved = move_sessions(asked, by=request.actor, now=now)
                    made.leads_to("patient:appointments")
            except SlotTaken:
                asked, is_taken = read(), True
            except NotOffered:
                refusal = _("These sessions can't be moved here. Please phone us.")
            except NotReschedulable:
                words = _("One of these sessions was changed meanwhile, and none was moved. Look at them again.")
                messages.warning(request, words)
                return redirect("patient:move_series", code=session.code)
            else:
                done = ngettext("%(n)s session is moved.", "%(n)s sessions are moved.", len(moved)) % {"n": len(moved)}
                messages.success(request, told.with_mail(done, moved[-1], by=request.actor, now=now))
                return made.answer
        is_taken = is_taken or (is_sent and any(line.clash for line in asked.proposal.lines))
    context = {
        "session": session,
        "form": form,
        "asked": asked,
        "refusal": refusal,
        "is_taken": is_taken,
        "deadline": changing.deadline_of(session, now=now, clinic=clinic),
        "each_terms": changing.terms_of_each(session, clinic=clinic),
        "is_sent": is_sent,
        "action": request.path,
        "cancel_url": reverse("patient:cancel_series", args=[session.code]),
        "single_url": reverse("patient:reschedule", args=[session.code]),
        "back_url": reverse("patient:appointment", args=[session.code]),
    }
    status = 409 if is_taken or refusal else 422 if is_sent or form.errors else 200
    return page_or_fragment(request, "patient/move_series.html", context, fragment="series", status=status)
