"""A session by video, on the patient's side: where they are, the waiting room, the room."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from django import forms
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.forms.fields import LineField
from portal.journeys import changing
from portal.video import actions
from portal.video.models import Side
from portal.web.meeting import pages


class WhereForm(forms.Form):
    """Asked anew for each session: people move about."""

    whereabouts = LineField(
        label=_("Where are you now?"),
        max_length=200,
        help_text=_("Street and suburb. Only your psychologist sees it, and needs it if you should need help."),
        widget=forms.TextInput(attrs={"autocomplete": "street-address"}),
    )


def _own(request: ActorRequest, code: UUID) -> Appointment:
    rows = Appointment.objects.visible_to(request.actor).without_holds().for_listing()
    return get_object_or_404(rows, code=code)


@allow(Role.PATIENT)
@require_http_methods(["GET", "HEAD", "POST"])
def room(request: ActorRequest, code: UUID) -> HttpResponse:
    session, now = _own(request, code), timezone.now()
    form = WhereForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        # Where the room closed meanwhile, the page that is drawn next says so.
        with suppress(actions.NotOpen):
            actions.wait(session, whereabouts=form.cleaned_data["whereabouts"], by=request.actor, now=now)
        return redirect("patient:video", code)
    status = 422 if request.method == "POST" else 200
    deadline = changing.deadline_of(session, now=now, clinic=ClinicSettings.current())
    context = {"form": form, "deadline": deadline}
    return pages.draw(request, "patient/video.html", session, context, side=Side.PATIENT, now=now, status=status)


@allow(Role.PATIENT)
@require_safe
def state(request: ActorRequest, code: UUID) -> HttpResponse:
    """How it stands, for the page's script."""
    why, found = pages.how_it_stands(_own(request, code), now=timezone.now())
    return JsonResponse({"why": why.value, "admitted": bool(found and found.admitted_at)})


@allow(Role.PATIENT)
@require_POST
def key(request: ActorRequest, code: UUID) -> HttpResponse:
    return pages.hand_out_key(_own(request, code), by=request.actor, now=timezone.now())


@allow(Role.PATIENT)
@require_POST
def here(request: ActorRequest, code: UUID) -> HttpResponse:
    return pages.note_presence(request, _own(request, code), by=request.actor, now=timezone.now())
