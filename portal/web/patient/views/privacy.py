"""What somebody agreed to, and what they are asked to agree to now."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.htmx import redirect_to
from portal.patients import consents
from portal.patients.models import Consent, Patient
from portal.web.patient.forms import Agreeing


def asking(request: HttpRequest) -> list[dict[str, Any]]:
    """Each policy that is still to be agreed to, with the people it is missing for; for the panel on the pages."""
    patients = sorted(Patient.objects.managed_by(request.user), key=lambda p: (p.user_id != request.user.pk, p.pk))
    left = consents.outstanding(patients, today=ClinicSettings.current().today(timezone.now()))
    found: dict[int, dict[str, Any]] = {}
    for patient in patients:
        for version in left.get(patient.pk, []):
            each = found.setdefault(
                version.pk,
                {
                    "version": version,
                    "label": version.get_kind_display(),
                    "url_name": f"public:{version.kind}_version",
                    "patients": [],
                    "several": len(patients) > 1,
                },
            )
            each["patients"].append(patient)
    return list(found.values())


@allow(Role.PATIENT)
@require_safe
def privacy(request: ActorRequest) -> HttpResponse:
    given = list(Consent.objects.visible_to(request.actor).newest_first())
    context = {
        "asking": asking(request),
        "consents": [(each, f"public:{each.version.kind}_version") for each in given],
        "several": Patient.objects.managed_by(request.user).count() > 1,
    }
    return render(request, "patient/privacy.html", context)


@allow(Role.PATIENT)
@require_POST
def agree(request: ActorRequest) -> HttpResponse:
    """Agrees to one version for everybody on this account whom it is missing for; a replaced one is shown anew."""
    now = timezone.now()
    form = Agreeing(request.POST)
    wanted = (form.cleaned_data["kind"], form.cleaned_data["number"]) if form.is_valid() else None
    with transaction.atomic():
        found = [each for each in asking(request) if (each["version"].kind, each["version"].number) == wanted]
        for each in found:
            for patient in each["patients"]:
                consents.agree(patient=patient, versions=[each["version"]], by=request.actor, now=now)
    if found:
        messages.success(request, _("Thank you. We have written down that you agree."))
    return redirect_to(request, "patient:privacy")
