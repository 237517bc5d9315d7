"""The letter itself, at the desk: put on file and never read; what the paper says is ticked, what it lacks is asked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.documents import sealed
from portal.common.web.once import making, once
from portal.medicare import letters, please_add
from portal.medicare.letter_forms import AskedForm, CheckForm, LetterForm, missing_of
from portal.medicare.models import LetterCheck, Referral, ReferralLetter
from portal.medicare.refusals import ChangedMeanwhile


def card(referral: Referral) -> dict[str, Any]:
    """What a referral's page says of its letter: that it is on file, and what the newest look at it found."""
    found = LetterCheck.objects.select_related("checked_by", "asked_by", "answered_by").newest_of(referral)
    return {
        "letter": ReferralLetter.objects.of(referral),
        "check": found,
        "missing": [label for label, _asked in missing_of(found)] if found else [],
        "asked_form": AskedForm(),
    }


def _one(request: ActorRequest, code: UUID) -> Referral:
    shown = Referral.objects.visible_to(request.actor).standing().select_related("patient")
    return get_object_or_404(shown, code=code)


def _found(referral: Referral) -> LetterCheck:
    """The newest check of a letter that lacks something; else 404."""
    found = LetterCheck.objects.newest_of(referral)
    if found is None or found.is_complete:
        raise Http404
    # What is asked for now goes by what stands on file now.
    found.referral = referral
    return found


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def letter(request: ActorRequest, code: UUID) -> HttpResponse:
    """Puts the letter on file, or another one in its place. Nobody at the desk opens it here."""
    referral, now = _one(request, code), timezone.now()
    there = ReferralLetter.objects.of(referral)
    sent = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = LetterForm(*sent, there=there)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            with sealed.put(values["file"], of=letters.BOUND_TO) as put, making(request, now=now) as made:
                letters.put_on_file(
                    referral=referral,
                    file=values["file"],
                    put=put,
                    seen=values["seen"],
                    why=values.get("why", ""),
                    by=request.actor,
                    now=now,
                )
                made.leads_to("reception:referral", code=referral.code)
            messages.success(request, _("The letter is on file. Whoever treats the patient can read it."))
            return made.answer
        except ChangedMeanwhile:
            messages.warning(
                request, _("Somebody else put a letter on file meanwhile. Look whether it is the right one.")
            )
            return redirect("reception:referral", referral.code)
    context = {"form": form, "referral": referral, "patient": referral.patient, "letter": there}
    return render(request, "reception/letter.html", context, status=422 if request.method == "POST" else 200)


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: ActorRequest, code: UUID) -> HttpResponse:
    """Ticks what the letter says, from the paper in one's hand."""
    referral, now = _one(request, code), timezone.now()
    newest = LetterCheck.objects.newest_of(referral)
    form = CheckForm(request.POST if request.method == "POST" else None, referral=referral, newest=newest)
    if request.method == "POST" and form.is_valid():
        with making(request, now=now) as made:
            found = letters.check(referral=referral, ticks=form.ticks, by=request.actor, now=now)
            made.leads_to("reception:referral", code=referral.code)
        if found.is_complete:
            messages.success(request, _("The letter says all that Medicare asks for."))
        else:
            messages.info(request, _("The letter lacks something. The words to ask for it are ready below."))
        return made.answer
    context = {"form": form, "referral": referral, "patient": referral.patient}
    return render(request, "reception/letter_check.html", context, status=422 if request.method == "POST" else 200)


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def ask(request: ActorRequest, code: UUID) -> HttpResponse:
    """The words that ask the referrer for what is missing, to be copied; on paper by `ask_pdf`."""
    referral, now = _one(request, code), timezone.now()
    clinic = ClinicSettings.current()
    facts = please_add.facts_of(_found(referral), clinic=clinic, today=clinic.today(now))
    context = {
        "referral": referral,
        "patient": referral.patient,
        "words": please_add.as_text(facts),
        "form": AskedForm(),
    }
    return render(request, "reception/letter_ask.html", context)


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def ask_pdf(request: ActorRequest, code: UUID) -> HttpResponse:
    """The same as a letter to print, fax or attach."""
    referral, now = _one(request, code), timezone.now()
    clinic = ClinicSettings.current()
    facts = please_add.facts_of(_found(referral), clinic=clinic, today=clinic.today(now))
    response = HttpResponse(please_add.as_pdf(facts), content_type="application/pdf")
    # Nothing of whose it is: files lie about in downloads.
    response.headers["Content-Disposition"] = 'inline; filename="about-a-referral.pdf"'
    response.headers["Cache-Control"] = "no-store, private"
    return response


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def asked(request: ActorRequest, code: UUID) -> HttpResponse:
    """Writes down that the referrer was asked, and how."""
    referral = _one(request, code)
    form = AskedForm(request.POST)
    if form.is_valid():
        letters.asked(found=_found(referral), how=form.cleaned_data["how"], by=request.actor, now=timezone.now())
        messages.success(request, _("Written down: the referrer was asked."))
    return redirect("reception:referral", referral.code)


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def answered(request: ActorRequest, code: UUID) -> HttpResponse:
    """Writes down that the referrer answered; what their answer says is looked at anew."""
    referral = _one(request, code)
    letters.answered(found=_found(referral), by=request.actor, now=timezone.now())
    messages.success(request, _("Written down. Check the letter once more, with what they sent."))
    return redirect("reception:check_letter", referral.code)
