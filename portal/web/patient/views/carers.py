"""Who else opens a patient's pages, as they see it; an adult ends it, and says whether carers open what was shared."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.htmx import redirect_to
from portal.patients import actions
from portal.patients.models import Carer, Patient
from portal.patients.refusals import NotInForce
from portal.web.patient.forms import ChosenCarer


class Caring(NamedTuple):
    """One carer as a patient's side reads of them; `decides` where the reader is the patient, and of age."""

    carer: Carer
    decides: bool
    patient_is_of_age: bool


def others(request: ActorRequest, *, today: date) -> list[Caring]:
    """Everybody who signs in for the people of this account; not its person themself, who knows."""
    patients = Patient.objects.managed_by(request.user)
    carers = Carer.objects.in_force().filter(patient__in=patients).exclude(user=request.user)
    rows = carers.select_related("patient", "user", "added_by").order_by("patient_id", "started_at", "pk")
    return [Caring(one, _decides(request, one.patient, today=today), one.patient.is_of_age(today)) for one in rows]


def _decides(request: ActorRequest, patient: Patient, *, today: date) -> bool:
    return patient.user_id == request.user.pk and patient.is_of_age(today)


def _chosen(request: ActorRequest, code: UUID, *, now: datetime) -> Carer:
    patient = get_object_or_404(Patient.objects.visible_to(request.actor), code=code)
    form = ChosenCarer(request.POST, patient=patient)
    if not _decides(request, patient, today=ClinicSettings.current().today(now)) or not form.is_valid():
        raise Http404
    chosen: Carer = form.cleaned_data["carer"]
    return chosen


@allow(Role.PATIENT)
@require_POST
def end(request: ActorRequest, code: UUID) -> HttpResponse:
    """An adult patient has somebody open their pages no longer."""
    now = timezone.now()
    carer = _chosen(request, code, now=now)
    try:
        actions.end_carer(carer=carer, by=request.actor, now=now)
    except NotInForce:
        messages.info(request, _("That was ended before."))
    else:
        messages.success(request, _("%(name)s can no longer open your pages.") % {"name": carer.user.name})
    return redirect_to(request, "patient:privacy")


@allow(Role.PATIENT)
@require_POST
def files(request: ActorRequest, code: UUID) -> HttpResponse:
    """An adult patient says whether a carer opens what psychologists share with them."""
    now = timezone.now()
    carer, reads = _chosen(request, code, now=now), request.POST.get("reads") == "yes"
    try:
        actions.let_read_files(carer=carer, reads=reads, by=request.actor, now=now)
    except NotInForce:
        messages.info(request, _("That was ended before."))
    else:
        words = _("%(name)s opens your documents from now on.") if reads else _("Your documents are for you alone.")
        messages.success(request, words % {"name": carer.user.name})
    return redirect_to(request, "patient:privacy")
