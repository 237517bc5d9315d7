"""Who opened what one wrote."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.patients.models import Patient, Reading

EARLIER = 20


@allow(Role.PSYCHOLOGIST)
@require_safe
def reading(request: ActorRequest, code: UUID) -> HttpResponse:
    """One day on which a colleague opened what one wrote about somebody, and the days on which anybody did before."""
    own = Reading.objects.visible_to(request.actor).select_related("patient", "reader")
    found = get_object_or_404(own, code=code)
    earlier = own.filter(patient=found.patient, last_at__lt=found.last_at).exclude(pk=found.pk).newest_first()
    context = {
        "reading": found,
        "earlier": list(earlier[:EARLIER]),
        "is_in_care": Patient.objects.visible_to(request.actor).filter(pk=found.patient_id).exists(),
        "zone": ClinicSettings.current().zone,
    }
    return render(request, "psychologist/reading.html", context)
