"""Medicare at the desk: the letters that came, what was used of them, and what the patient had elsewhere."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.once import making, once
from portal.journeys import better_access
from portal.medicare.actions import add_referral, say_used_elsewhere
from portal.medicare.forms import ReferralForm, UsedElsewhereForm
from portal.medicare.models import Referral, UsedElsewhere
from portal.medicare.telling import course_in_words, doubt_in_words, year_in_words
from portal.patients.models import Patient

# How many letters the patient's page shows, the newest first.
REFERRALS = 3


def card(patient: Patient, *, by: Actor, now: datetime) -> dict[str, Any]:
    """What the patient's page says of Medicare: each letter with what was used of it, and the year so far."""
    ledger = better_access.ledger_of(patient.pk, now=now)
    counts = {one.course.key: one for one in ledger.courses}
    referrals = []
    for referral in Referral.objects.visible_to(by).filter(patient=patient)[:REFERRALS]:
        count = counts.get(str(referral.code))
        referrals.append(
            {
                "referral": referral,
                "count": count,
                "used": course_in_words(count) if count else "",
                "doubt": doubt_in_words(count) if count else "",
            }
        )
    year = ClinicSettings.current().today(now).year
    return {"referrals": referrals, "year": year, "counts": year_in_words(year, ledger.year(year))}


def _one(request: ActorRequest, code: UUID) -> Patient:
    return get_object_or_404(Patient.objects.visible_to(request.actor), code=code)


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def referral(request: ActorRequest, code: UUID) -> HttpResponse:
    """A letter that came for this patient: who wrote it, when, for how many sessions."""
    patient, now = _one(request, code), timezone.now()
    form = ReferralForm(request.POST if request.method == "POST" else None, today=ClinicSettings.current().today(now))
    if request.method == "POST" and form.is_valid():
        with making(request, now=now) as made:
            add_referral(patient=patient, by=request.actor, now=now, **form.cleaned_data)
            made.leads_to("reception:patient", code=patient.code)
        messages.success(request, _("The referral is on file."))
        return made.answer
    status = 422 if request.method == "POST" else 200
    return render(request, "reception/referral.html", {"form": form, "patient": patient}, status=status)


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def elsewhere(request: ActorRequest, code: UUID) -> HttpResponse:
    """What the patient says that they had with other practices this year: the newest word of a year counts."""
    patient, now = _one(request, code), timezone.now()
    form = UsedElsewhereForm(
        request.POST if request.method == "POST" else None, today=ClinicSettings.current().today(now)
    )
    if request.method == "POST" and form.is_valid():
        with making(request, now=now) as made:
            say_used_elsewhere(patient=patient, by=request.actor, now=now, **form.cleaned_data)
            made.leads_to("reception:patient", code=patient.code)
        messages.success(request, _("What they had elsewhere is counted."))
        return made.answer
    said = UsedElsewhere.objects.filter(patient=patient).select_related("said_by").order_by("-said_at", "-pk")
    context = {"form": form, "patient": patient, "said": said[:5], "clinic": ClinicSettings.current()}
    return render(request, "reception/used_elsewhere.html", context, status=422 if request.method == "POST" else 200)
