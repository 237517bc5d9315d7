"""The page on which a request is confirmed or declined: the desk's, and of their own the psychologist's."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.appointments.answers import ANSWERS
from portal.appointments.forms import SeenForm
from portal.appointments.models import Appointment
from portal.appointments.refusals import NotOffered, PatientBusy, SlotTaken, WrongState
from portal.appointments.states import Why
from portal.common.access.decorators import ActorRequest
from portal.journeys import booking, requests
from portal.journeys.meanwhile import last_step
from portal.journeys.stranded import Stranded, requests_in_the_way
from portal.web.rearranging.audience import Audience


class DeclineForm(forms.Form):
    """Why a request is declined, in the words that its patient reads."""

    reason = forms.ChoiceField(
        label=gettext_lazy("What the patient reads"),
        choices=[(reason.value, reason.label) for reason in ANSWERS],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what the patient reads.")},
    )


def answer(request: ActorRequest, code: UUID, audience: Audience) -> HttpResponse:
    """Asks once and answers; what was answered meanwhile is said."""
    to = audience.session_page
    visible = Appointment.objects.visible_to(request.actor).without_holds().for_listing()
    session, now = get_object_or_404(visible, code=code), timezone.now()
    if request.method == "POST" and "approve" in request.POST:
        return _approve(request, session, to=to, now=now)
    form = DeclineForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            requests.decline_request(
                appointment=session,
                reason=form.cleaned_data["reason"],
                by=request.actor,
                now=now,
                seen=SeenForm.read(request.POST),
            )
        except WrongState as refused:
            return _not_done(request, session, refused, to=to, now=now)
        _say(request, session, _("The request is declined, and its time is free."), now=now)
        return redirect(to, code=session.code)
    if not session.is_request:
        messages.info(request, last_step(session, by=request.actor, now=now) or _("This request is answered."))
        return redirect(to, code=session.code)
    told = [reader.shown for reader in booking.told(session, now=now)]
    context = {"session": session, "form": form, "told": told, "page": to}
    why = requests_in_the_way([session]).get(session.pk)
    # Another room may be free: confirming looks for one.
    if why is not None and why != Stranded.ROOM:
        context["in_the_way"] = audience.why_not(session, why)
        context["patient_url"] = reverse(audience.patient_page, args=[session.person.code])
    return render(request, "to_do/answer.html", context, status=422 if form.errors else 200)


def _approve(request: ActorRequest, session: Appointment, *, to: str, now: datetime) -> HttpResponse:
    try:
        requests.approve_request(appointment=session, by=request.actor, now=now, seen=SeenForm.read(request.POST))
    except WrongState as refused:
        return _not_done(request, session, refused, to=to, now=now)
    except (SlotTaken, NotOffered) as refused:
        messages.error(request, _why_not(refused))
        return redirect(request.path)
    _say(request, session, _("The session is confirmed."), now=now)
    return redirect(to, code=session.code)


def _say(request: HttpRequest, session: Appointment, done: str, *, now: datetime) -> None:
    if booking.told(session, now=now):
        messages.success(request, f"{done} {_('A message says so.')}")
    else:
        messages.success(request, f"{done} {_('No e-mail address is known: please tell them.')}")


def _not_done(
    request: ActorRequest, session: Appointment, refused: WrongState, *, to: str, now: datetime
) -> HttpResponse:
    if refused.reason == Why.RAN_OUT:
        messages.warning(
            request, _("The time for an answer is over, so the request ends. Book the time for them anew.")
        )
    else:
        done = last_step(session, by=request.actor, now=now)
        messages.warning(request, done or _("This request was answered meanwhile, and nothing was done."))
    return redirect(to, code=session.code)


def _why_not(refused: SlotTaken | NotOffered) -> str:
    """What stands in the way of confirming; the request stays, to be declined or looked at again."""
    match refused:
        case PatientBusy():
            return _("The patient has another session at that time by now. Move that one, or decline this.")
        case SlotTaken(reason="room"):
            return _("No room is free there at that time any more. Make one free, or decline the request.")
        case SlotTaken():
            return _("The psychologist has something else at that time by now. Move that, or decline the request.")
        case NotOffered(reason="time"):
            return _("The psychologist doesn't work at that time any more. Give them the time, or decline the request.")
    return _("The psychologist, the service or the place doesn't take it any more. Decline the request.")
