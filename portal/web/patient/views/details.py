"""What the clinic knows of how to reach a patient, kept right by the patient."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings
from portal.common.access import limits
from portal.common.access.decorators import ActorRequest, allow
from portal.common.languages.punctuation import colon
from portal.patients import actions, addresses, ways
from portal.patients.forms import OwnDetailsForm
from portal.patients.models import Patient

# To one address that somebody typed, in an hour.
MOST_LINKS = 5


@allow(Role.PATIENT)
@require_safe
def details(request: ActorRequest) -> HttpResponse:
    """Everybody whose details this person looks after: themself first."""
    own = Patient.objects.visible_to(request.actor).select_related("ways").themself_first(request.user)
    now = timezone.now()
    people = [(patient, addresses.waiting(patient, now=now), ways.channels_in_words(patient)) for patient in own]
    return render(request, "patient/details.html", {"people": people})


@allow(Role.PATIENT)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ActorRequest, code: UUID) -> HttpResponse:
    patient = get_object_or_404(Patient.objects.visible_to(request.actor), code=code)
    now = timezone.now()
    form = OwnDetailsForm(request.POST or None, today=ClinicSettings.current().today(now), instance=patient)
    save = partial(actions.update_patient, patient=patient, by=request.actor, now=now)
    if request.method == "POST" and form.is_valid() and form.saves(save):
        messages.success(request, _("Your changes are saved."))
        for field, words in form.warnings:
            messages.warning(request, f"{form[field].label}{colon()}{words}")
        if "email" in form.changes and (link := addresses.waiting(patient, now=now)):
            words = _("We write to %(email)s once it is confirmed by the link that we have sent there.")
            messages.info(request, words % {"email": link.email})
        return redirect("patient:details")
    status = 422 if request.method == "POST" else 200
    return render(request, "patient/details_edit.html", {"form": form, "patient": patient}, status=status)


@allow(Role.PATIENT)
@require_POST
def waiting_address(request: ActorRequest, code: UUID) -> HttpResponse:
    """Sends the link again to the address that waits to be confirmed, or lets the old one stay."""
    patient = get_object_or_404(Patient.objects.visible_to(request.actor), code=code)
    now = timezone.now()
    if "again" not in request.POST:
        if addresses.withdraw(patient=patient, by=request.actor, now=now):
            messages.success(request, _("The address stays as it was. The link that we sent opens nothing any more."))
    elif not limits.within("address-link", who=str(patient.code), most=MOST_LINKS, seconds=3600):
        messages.error(request, _("That was many times in a short while. Please wait a few minutes, or phone us."))
    elif email := addresses.ask_again(patient=patient, by=request.actor, now=now):
        messages.success(request, _("We have sent the link to %(email)s again.") % {"email": email})
    return redirect("patient:details")
