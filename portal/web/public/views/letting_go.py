"""Giving a held time back before it runs out: from the banner on every page, and from the page that confirms it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.appointments.models import Appointment
from portal.clinic import kept
from portal.common.access.decorators import open_to_all
from portal.common.web.addresses import inside
from portal.patients.models import Patient
from portal.web.public import held_time
from portal.web.public.forms import LetGoForm


@open_to_all(reason="frees the time that this visitor's own session holds, and no other")
@require_POST
def let_go(request: HttpRequest, service: str) -> HttpResponse:
    """Frees the time that the page showed as held, and leads back to the page that was looked at."""
    if service not in {each.slug for each in kept.services().values()}:
        raise Http404
    form = LetGoForm(request.POST)
    form.full_clean()
    if held_time.let_go(request, code=form.cleaned_data.get("hold"), now=timezone.now()):
        messages.success(request, _("The time is free again for others. Nothing was booked."))
    elif booked := _booked(request, form.cleaned_data.get("hold")):
        messages.info(request, _("This time is booked already. You can cancel or move the session here."))
        return redirect("patient:appointment", code=booked.code)
    else:
        messages.info(request, _("This time was no longer held for you."))
    times = reverse("public:times", args=[service])
    return redirect(inside(form.cleaned_data.get("back", ""), otherwise=times))


def _booked(request: HttpRequest, code: UUID | None) -> Appointment | None:
    """The session that became of a held time, where it is of somebody whom this visitor may book for."""
    if code is None or not request.user.is_authenticated:
        return None
    theirs = Patient.objects.managed_by(request.user)
    session = Appointment.objects.filter(code=code, patient__in=theirs).first()
    return session if session and session.is_booked else None
