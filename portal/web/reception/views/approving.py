"""Who may book online what the clinic keeps for approved people."""

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
from portal.patients import actions
from portal.patients.models import Patient


def _one(request: ActorRequest, code: UUID) -> Patient:
    return get_object_or_404(Patient.objects.visible_to(request.actor), code=code)


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def approve(request: ActorRequest, code: UUID) -> HttpResponse:
    patient = _one(request, code)
    actions.approve_for_booking(patient=patient, by=request.actor, now=timezone.now())
    messages.success(request, _("%(name)s may book online what is for approved people.") % {"name": patient.name})
    return redirect("reception:patient", code=patient.code)


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def withdraw(request: ActorRequest, code: UUID) -> HttpResponse:
    patient = _one(request, code)
    actions.withdraw_approval(patient=patient, by=request.actor, now=timezone.now())
    words = _("%(name)s books online what everybody may. What is booked stays booked.")
    messages.success(request, words % {"name": patient.name})
    return redirect("reception:patient", code=patient.code)
