"""How a patient wants to be reached, written down by the desk as they say it."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.accounts.roles import Role
from portal.common.access.decorators import ActorRequest, allow
from portal.journeys import contacting, on_the_phone
from portal.patients import ways
from portal.patients.models import Patient
from portal.patients.ways_form import WaysForm


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: ActorRequest, code: UUID) -> HttpResponse:
    patient = get_object_or_404(Patient.objects.visible_to(request.actor).select_related("ways"), code=code)
    now = timezone.now()
    form = WaysForm(request.POST if request.method == "POST" else None, patient=patient)
    save = partial(contacting.change, patient=patient, by=request.actor, now=now)
    if request.method == "POST" and form.is_valid() and form.saves(save):
        messages.success(request, _("The changes are saved."))
        return redirect("reception:patient", code=patient.code)
    context = {
        "form": form,
        "patient": patient,
        "off": ways.phones_off(),
        "said": ways.last_words(patient),
        "shown": on_the_phone.preview(patient, now=now),
    }
    return render(request, "reception/contact.html", context, status=422 if request.method == "POST" else 200)
