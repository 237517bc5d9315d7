"""Letting a colleague read one's notes before their first session with somebody."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.accounts.roles import Role
from portal.common.access.decorators import ActorRequest, allow
from portal.patients.models import Patient
from portal.records import handing_over
from portal.records.models import Handover


@allow(Role.PSYCHOLOGIST)
@require_POST
def give(request: ActorRequest, code: UUID) -> HttpResponse:
    patient = get_object_or_404(Patient.objects.visible_to(request.actor), code=code)
    could = handing_over.colleagues(patient=patient, by=request.actor)
    reader = next((one for one in could if one.slug == request.POST.get("reader")), None)
    if reader is None:
        messages.info(request, _("Choose a colleague whom this person has booked with."))
    else:
        handing_over.hand_over(patient=patient, reader=reader, by=request.actor, now=timezone.now())
        messages.success(request, _("%(name)s can read what you signed. You are told when they do.") % {"name": reader})
    return redirect("psychologist:patient", code)


@allow(Role.PSYCHOLOGIST)
@require_POST
def take_back(request: ActorRequest, code: UUID) -> HttpResponse:
    own = Handover.objects.select_related("patient", "author").filter(author__user=request.user)
    handover = get_object_or_404(own, code=code)
    handing_over.take_back(handover=handover, by=request.actor, now=timezone.now())
    messages.success(request, _("Taken back. Whoever has had a session with them still reads it."))
    return redirect("psychologist:patient", handover.patient.code)
