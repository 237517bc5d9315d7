"""Several sessions of one series, for the desk and for a psychologist: booked, moved or called off together."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.appointments.actions.clashes import Terms
from portal.appointments.forms import CancelForm
from portal.appointments.models import Appointment
from portal.appointments.refusals import NotCancellable, NotOffered, NotReschedulable, SlotTaken
from portal.appointments.series_forms import ChosenSessions, Which
from portal.appointments.states import Verb
from portal.clinic.models import ClinicSettings, Psychologist
from portal.common.access.decorators import ActorRequest
from portal.common.web.htmx import page_or_fragment, redirect_to
from portal.common.web.once import making
from portal.journeys import choosing, sessions
from portal.journeys.repeating import asking, telling
from portal.journeys.repeating.cancelling import cancel_sessions, choices
from portal.journeys.repeating.moving import Moving, move_sessions, propose_move
from portal.web.calendars import fees
from portal.web.calendars.audience import Audience
from portal.web.calendars.refused import in_words, why_not
from portal.web.calendars.series_forms import StaffMoveForm
from portal.web.calendars.told import say_what_was_done
from portal.web.series.answering import times_or_page


def _of_a_series(request: ActorRequest, code: UUID) -> Appointment:
    own = Appointment.objects.visible_to(request.actor).without_holds().filter(series__isnull=False)
    return get_object_or_404(own.for_listing(), code=code)


def _patient_url(audience: Audience, session: Appointment) -> str:
    return reverse(f"{audience.namespace}:patient", args=[session.person.code])


def _session_url(audience: Audience, session: Appointment) -> str:
    """Where one comes from: the desk's page of the session, or a psychologist's of the patient."""
    return _patient_url(audience, session) if audience.of_one else audience.session_url()(session.code, False)


def repeat(request: ActorRequest, audience: Audience, code: UUID) -> HttpResponse:
    """Proposes the times that follow this session, each with what stands in its way, and books them all or none."""
    visible = Appointment.objects.visible_to(request.actor).without_holds()
    session = get_object_or_404(visible.for_listing(), code=code)
    now, clinic, is_sent = timezone.now(), ClinicSettings.current(), request.method == "POST"
    back_url = _session_url(audience, session)
    if not asking.may_be_repeated(session):
        messages.error(request, _("Only a session that takes place can be repeated. Book a new one instead."))
        return redirect_to(request, back_url)
    if not is_sent and "repeat" not in request.GET:
        last = asking.last_standing(session, by=request.actor)
        if last != session:
            return redirect_to(request, f"{audience.namespace}:repeat", code=last.code)

    def read() -> asking.Asked:
        data = request.POST if is_sent else request.GET
        return asking.read(session, data, is_sent=is_sent, by=request.actor, now=now, clinic=clinic)

    asked, refusal = read(), ""
    if asked.is_ready:
        try:
            with making(request, now=now) as made:
                booked = asked.book(by=request.actor, now=now)
                made.leads_to(back_url)
        except SlotTaken:
            # Somebody was faster than this page: what is free is looked at again.
            asked = read()
        except NotOffered as refused:
            refusal = why_not(refused.reason)
        else:
            added = len(booked) - 1
            done = ngettext("%(n)s more session is booked.", "%(n)s more sessions are booked.", added) % {"n": added}
            say_what_was_done(request, done, telling.told(booked[1:], now=now), is_past=False)
            return made.answer
    context = {
        "asked": asked,
        "session": session,
        "refusal": refusal,
        "action": request.path,
        "patient_url": _patient_url(audience, session),
        "back_url": back_url,
    }
    return times_or_page(request, "calendar/repeat.html", context, asked=asked, refusal=refusal)


def cancel(request: ActorRequest, audience: Audience, code: UUID) -> HttpResponse:
    """Lists what is to come of the series, this one and what follows ticked, asks why, and calls off what is ticked."""
    session = _of_a_series(request, code)
    now, clinic, is_sent = timezone.now(), ClinicSettings.current(), request.method == "POST"
    which = Which.ALL if request.GET.get("which") == Which.ALL else Which.FOLLOWING
    listed = choices(session, which=which, by=request.actor, now=now, clinic=clinic)
    able = {choice.value: choice for choice in listed if choice.why is None}
    chosen = ChosenSessions(request.POST if is_sent else None, values=list(able))
    form = CancelForm(request.POST if is_sent else None)
    if is_sent and chosen.is_valid() and form.is_valid():
        asked = [(able[value].session, value.split()[1]) for value in chosen.cleaned_data["session"]]
        try:
            with making(request, now=now) as made:
                gone = cancel_sessions(asked, reason=form.cleaned_data["reason"], by=request.actor, now=now)
                made.leads_to(_patient_url(audience, session))
        except NotCancellable:
            messages.error(
                request, _("One of these sessions was changed meanwhile, and none was cancelled. Look at them again.")
            )
            return redirect(f"{audience.namespace}:cancel_series", code=session.code)
        if gone:
            done = ngettext("%(n)s session is cancelled.", "%(n)s sessions are cancelled.", len(gone))
            say_what_was_done(request, done % {"n": len(gone)}, telling.told(gone, now=now), is_past=False)
        else:
            # Somebody else called off the very same in this moment.
            messages.success(request, _("These sessions are already cancelled. There is nothing more to do."))
        if late := sum(each.late for each in gone):
            words = ngettext(
                "%(n)s of them is cancelled late: its fee is on the to-do list.",
                "%(n)s of them are cancelled late: their fees are on the to-do list.",
                late,
            )
            messages.warning(request, words % {"n": late})
        return made.answer
    if is_sent:
        ticked = request.POST.getlist("session")
        for choice in listed:
            choice.is_chosen = choice.value in ticked
    context = {
        "session": session,
        "choices": listed,
        "chosen": chosen,
        "form": form,
        "which": which.value,
        "single_url": reverse(f"{audience.namespace}:cancel", args=[session.code]),
        "patient_url": _patient_url(audience, session),
        "back_url": _session_url(audience, session),
    }
    return render(request, "calendar/cancel_series.html", context, status=422 if is_sent else 200)


def move(request: ActorRequest, audience: Audience, people: Sequence[Psychologist], code: UUID) -> HttpResponse:
    """Another day, time, person or way for this session and those after it, or all: each settled before any moves.

    `people` are those who may hold them.
    """
    session = _of_a_series(request, code)
    now, clinic, is_sent = timezone.now(), ClinicSettings.current(), request.method == "POST"
    if why := sessions.steps(session, by=request.actor, now=now)[Verb.MOVE].why:
        messages.error(request, in_words(Verb.MOVE, why, session, by=request.actor, now=now))
        return redirect(_session_url(audience, session))
    data = request.POST if is_sent else request.GET
    giving = [person for person in people if person == session.psychologist or person.modes_for(session.service)]
    places = {session.location_id: session.location} | choosing.open_places()
    form = StaffMoveForm(data if "day" in data else None, session=session, people=giving, places=list(places.values()))
    asked, refusal, is_taken = None, "", False

    def read() -> Moving:
        said = form.cleaned_data
        psychologist, mode, place = form.terms
        return propose_move(
            session,
            day=said["day"],
            at=said["at"],
            which=said["which"],
            to=Terms(psychologist, session.person, session.service, mode, place),
            data=request.POST if is_sent else None,
            by=request.actor,
            now=now,
            clinic=clinic,
        )

    if form.is_valid() and (way := _not_given(session, form)):
        refusal = why_not(way)
    elif form.is_valid():
        asked = read()
        if is_sent and asked.proposal.is_whole:
            try:
                with making(request, now=now) as made:
                    moved = move_sessions(asked, by=request.actor, now=now)
                    made.leads_to(_session_url(audience, session))
            except SlotTaken:
                asked, is_taken = read(), True
            except NotOffered as refused:
                refusal = why_not(refused.reason)
            except NotReschedulable:
                words = _("One of these sessions was changed meanwhile, and none was moved. Look at them again.")
                messages.error(request, words)
                return redirect(f"{audience.namespace}:move_series", code=session.code)
            else:
                done = ngettext("%(n)s session is moved.", "%(n)s sessions are moved.", len(moved)) % {"n": len(moved)}
                say_what_was_done(request, done, telling.told(moved, now=now), is_past=False)
                return made.answer
        is_taken = is_taken or (is_sent and any(line.clash for line in asked.proposal.lines))
    context = {
        "session": session,
        "form": form,
        "asked": asked,
        "refusal": refusal,
        "is_taken": is_taken,
        "is_sent": is_sent,
        "fee_afterwards": _fee_afterwards(asked, clinic=clinic),
        "action": request.path,
        "cancel_url": reverse(f"{audience.namespace}:cancel_series", args=[session.code]),
        "single_url": reverse(f"{audience.namespace}:move_in_calendar", args=[session.code])
        if audience.of_one
        else reverse(f"{audience.namespace}:reschedule", args=[session.code]),
        "patient_url": _patient_url(audience, session),
        "back_url": _session_url(audience, session),
    }
    status = 409 if is_taken or refusal else 422 if is_sent or form.errors else 200
    return page_or_fragment(request, "calendar/move_series.html", context, fragment="series", status=status)


def _fee_afterwards(asked: Moving | None, *, clinic: ClinicSettings) -> str:
    if asked is None:
        return ""
    going = [line.session for line in asked.proposal.lines if line.session is not None]
    return fees.of_several(going, to=asked.proposal.terms, clinic=clinic)


def _not_given(session: Appointment, form: StaffMoveForm) -> str:
    """Said before times are looked for: there would be none, and that would not be why."""
    psychologist, mode, _place = form.terms
    is_agreed = (psychologist, mode) == (session.psychologist, session.mode)
    return "" if is_agreed or mode in psychologist.modes_for(session.service) else "mode"
