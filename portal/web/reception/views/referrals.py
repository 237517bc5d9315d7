"""A letter that is on file: what it says, what was used of it, how it is corrected and taken off."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts.roles import Role
from portal.billing.claimed import is_claimed
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.once import making, once
from portal.journeys import better_access
from portal.medicare import correcting
from portal.medicare.forms import CorrectionForm, TakeOffForm
from portal.medicare.models import Referral
from portal.medicare.refusals import ChangedMeanwhile, InUse, NothingChanged
from portal.medicare.telling import course_in_words, doubt_in_words
from portal.web.reception.views import letters


def _one(request: ActorRequest, code: UUID) -> Referral:
    shown = Referral.objects.visible_to(request.actor).select_related("patient", "referrer__merged_into", "created_by")
    return get_object_or_404(shown, code=code)


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def referral(request: ActorRequest, code: UUID) -> HttpResponse:
    """One letter. The address of a corrected one leads to what stands in its place."""
    found, now = _one(request, code), timezone.now()
    if found.end == Referral.End.CORRECTED:
        newest = Referral.objects.visible_to(request.actor).filter(course=found.course).order_by("-pk").first()
        if newest is not None and newest.pk != found.pk:
            return redirect("reception:referral", newest.code)
    course = str(found.course)
    counts = {one.course.key: one for one in better_access.ledger_of(found.patient_id, now=now).courses}
    count = counts.get(course)
    former = Referral.objects.filter(course=found.course).exclude(pk=found.pk).select_related("created_by", "ended_by")
    context = {
        "referral": found,
        "patient": found.patient,
        "entry": (found.referrer.merged_into or found.referrer) if found.referrer else None,
        "count": count,
        "used": course_in_words(count) if count else "",
        "doubt": doubt_in_words(count) if count else "",
        "former": list(former.order_by("-pk")),
        "is_claimed": is_claimed(found),
        "zone": ClinicSettings.current().zone,
        **letters.card(found),
    }
    return render(request, "reception/referral_page.html", context)


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: ActorRequest, code: UUID) -> HttpResponse:
    """What the letter says in truth. What was written down before is kept, with why and by whom it was corrected."""
    found, now = _one(request, code), timezone.now()
    if not found.is_standing:
        return _gone(request, found)
    today = ClinicSettings.current().today(now)
    form = CorrectionForm(request.POST if request.method == "POST" else None, today=today, referral=found)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        why = values.pop("why")
        try:
            with making(request, now=now) as made:
                corrected = correcting.correct(referral=found, values=values, why=why, by=request.actor, now=now)
                made.leads_to("reception:referral", code=corrected.code)
            messages.success(request, _("The referral is corrected. What was written down before is kept below."))
            return made.answer
        except ChangedMeanwhile:
            return _gone(request, found)
        except NothingChanged:
            form.add_error(None, _("Nothing on this page differs from what is on file."))
        except InUse:
            form.add_error("kind", _("Something is billed to Medicare under it, so it stays a referral for Medicare."))
    context = {"form": form, "referral": found, "patient": found.patient, "is_claimed": is_claimed(found)}
    status = 422 if request.method == "POST" else 200
    return render(request, "reception/referral_correct.html", context, status=status)


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def take_off(request: ActorRequest, code: UUID) -> HttpResponse:
    """Takes a letter off file, unless something is billed under it."""
    found, now = _one(request, code), timezone.now()
    if not found.is_standing:
        return _gone(request, found)
    form = TakeOffForm(request.POST if request.method == "POST" else None)
    in_use = is_claimed(found)
    if request.method == "POST" and form.is_valid():
        try:
            correcting.take_off(referral=found, why=form.cleaned_data["why"], by=request.actor, now=now)
        except ChangedMeanwhile:
            return _gone(request, found)
        except InUse:
            in_use = True
        else:
            messages.success(request, _("The referral is off file. What was written down is kept."))
            return redirect("reception:patient", found.patient.code)
    context = {"form": form, "referral": found, "patient": found.patient, "in_use": in_use}
    status = 409 if request.method == "POST" and in_use else 422 if request.method == "POST" else 200
    return render(request, "reception/referral_take_off.html", context, status=status)


def _gone(request: ActorRequest, found: Referral) -> HttpResponse:
    """An older page: what it showed was corrected, or taken off."""
    messages.warning(request, _("This referral was corrected or taken off file meanwhile. This is how it stands now."))
    return redirect("reception:referral", found.code)
