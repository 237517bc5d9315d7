"""Medicare at the desk: the letters that came, what was used of them, and what the patient had elsewhere."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.htmx import page_or_fragment
from portal.common.web.once import making, once
from portal.journeys import better_access
from portal.medicare.actions import add_referral, say_used_elsewhere
from portal.medicare.forms import FindReferrerForm, ReferralForm, UsedElsewhereForm
from portal.medicare.models import Referral, UsedElsewhere
from portal.medicare.referrers import same_letter
from portal.medicare.refusals import ChangedMeanwhile
from portal.medicare.telling import course_in_words, doubt_in_words, ledger_in_words, year_in_words
from portal.patients.models import Patient
from portal.web.reception.views import referrers

# How many letters the patient's page shows, the newest first.
REFERRALS = 3


def card(patient: Patient, *, by: Actor, now: datetime) -> dict[str, Any]:
    """What the patient's page says of Medicare: each letter with what was used of it, and the year so far."""
    ledger = better_access.ledger_of(patient.pk, now=now)
    counts = {one.course.key: one for one in ledger.courses}
    referrals = []
    for referral in Referral.objects.visible_to(by).standing().filter(patient=patient)[:REFERRALS]:
        count = counts.get(str(referral.course))
        referrals.append(
            {
                "referral": referral,
                "count": count,
                "used": course_in_words(count) if count else "",
                "doubt": doubt_in_words(count) if count else "",
            }
        )
    year = ClinicSettings.current().today(now).year
    return {
        "referrals": referrals,
        "year": year,
        "counts": year_in_words(year, ledger.year(year)),
        "in_short": ledger_in_words(ledger, year),
    }


def _one(request: ActorRequest, code: UUID) -> Patient:
    return get_object_or_404(Patient.objects.visible_to(request.actor), code=code)


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def referral(request: ActorRequest, code: UUID) -> HttpResponse:
    """A letter that came for this patient: who wrote it, when, for how many sessions."""
    patient, now = _one(request, code), timezone.now()
    chosen = FindReferrerForm.chosen_in(request.POST if request.method == "POST" else request.GET)
    typed = "" if chosen else FindReferrerForm.text_of(request.GET)
    form = ReferralForm(
        request.POST if request.method == "POST" else None,
        today=ClinicSettings.current().today(now),
        referrer=chosen,
    )
    same = same_letter(patient, form.cleaned_data) if request.method == "POST" and form.is_valid() else None
    if same:
        words = _("This letter is on file already: the same writer, the same date and the same kind.")
        form.add_error("written_on", words)
    if request.method == "POST" and form.is_valid():
        with making(request, now=now) as made:
            added = add_referral(patient=patient, by=request.actor, now=now, **form.cleaned_data)
            # What was used of the letter elsewhere is part of a year's count, which the letter doesn't know.
            if added.used_elsewhere:
                made.leads_to("reception:used_elsewhere", code=patient.code)
            else:
                made.leads_to("reception:referral", code=added.code)
        messages.success(request, _("The referral is on file."))
        if added.used_elsewhere:
            messages.info(request, _("Sessions under it were used elsewhere: count those of this year here too."))
        return made.answer
    status = 422 if request.method == "POST" else 200
    to = reverse("reception:add_referral", args=[patient.code])
    context = {
        "form": form,
        "patient": patient,
        "chosen": chosen,
        "same": same,
        "q": typed,
        "lines": referrers.suggested(typed, to=f"{to}?referrer="),
    }
    return page_or_fragment(request, "reception/referral.html", context, fragment="results", status=status)


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def elsewhere(request: ActorRequest, code: UUID) -> HttpResponse:
    """What the patient says that they had with other practices in a year, this one or the last."""
    patient, now = _one(request, code), timezone.now()
    this_year = ClinicSettings.current().today(now).year
    # A bill may still be written for a session of last year.
    years = {str(year): year for year in (this_year, this_year - 1)}
    year = years.get(request.GET.get("year", str(this_year)))
    if year is None:
        raise Http404
    own = UsedElsewhere.objects.filter(patient=patient)
    newest, status = own.newest_of(year), 200
    form = UsedElsewhereForm(request.POST if request.method == "POST" else None, newest=newest)
    if request.method == "POST" and form.is_valid():
        try:
            with making(request, now=now) as made:
                say_used_elsewhere(patient=patient, year=year, by=request.actor, now=now, **form.cleaned_data)
                made.leads_to("reception:patient", code=patient.code)
            messages.success(request, _("What they had elsewhere is counted."))
            return made.answer
        except ChangedMeanwhile:
            form = UsedElsewhereForm(newest=own.newest_of(year))
            words = _(
                "Somebody wrote down other numbers since this page was opened. These are theirs: change what is wrong."
            )
            messages.error(request, words)
            status = 409
    elif request.method == "POST":
        status = 422
    context = {
        "form": form,
        "patient": patient,
        "year": year,
        "other_year": this_year - 1 if year == this_year else this_year,
        "said": own.select_related("said_by").order_by("-said_at", "-pk")[:5],
        "clinic": ClinicSettings.current(),
    }
    return render(request, "reception/used_elsewhere.html", context, status=status)
