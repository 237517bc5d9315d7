"""A patient's referral, for who treats them: what is on file of it, the letter itself, and whether it says enough."""

from __future__ import annotations

from io import BytesIO
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.documents.sealed import FileGone
from portal.common.media import serving
from portal.common.web.once import making, once
from portal.journeys import better_access
from portal.medicare import letters
from portal.medicare.letter_forms import CheckForm, missing_of
from portal.medicare.models import LetterCheck, Referral, ReferralLetter
from portal.medicare.telling import course_in_words, doubt_in_words
from portal.patients.models import Patient


@allow(Role.PSYCHOLOGIST)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def referral(request: ActorRequest, code: UUID) -> HttpResponse:
    """The page of a referral. A POST writes down what its letter was found to say: by who may read the letter alone."""
    actor, now = request.actor, timezone.now()
    visible = Referral.objects.visible_to(actor).standing().select_related("patient", "created_by")
    found = get_object_or_404(visible, code=code)
    may_read = Patient.objects.treated_by(actor.person, now=now).filter(pk=found.patient_id).exists()
    if request.method == "POST" and not may_read:
        raise Http404
    newest = LetterCheck.objects.select_related("checked_by").newest_of(found)
    form = CheckForm(request.POST if request.method == "POST" else None, referral=found, newest=newest)
    if request.method == "POST" and form.is_valid():
        with making(request, now=now) as made:
            letters.check(referral=found, ticks=form.ticks, by=actor, now=now)
            made.leads_to("psychologist:referral", code=found.code)
        messages.success(request, _("Written down. The front desk asks the referrer for what is missing."))
        return made.answer
    counts = {one.course.key: one for one in better_access.ledger_of(found.patient_id, now=now).courses}
    count = counts.get(str(found.course))
    context = {
        "referral": found,
        "patient": found.patient,
        "letter": ReferralLetter.objects.of(found),
        "may_read": may_read,
        "check": newest,
        "missing": [label for label, _asked in missing_of(newest)] if newest else [],
        "form": form,
        "used": course_in_words(count) if count else "",
        "doubt": doubt_in_words(count) if count else "",
        "zone": ClinicSettings.current().zone,
    }
    return render(request, "psychologist/referral.html", context, status=422 if request.method == "POST" else 200)


@allow(Role.PSYCHOLOGIST)
@require_safe
def letter(request: ActorRequest, code: UUID) -> HttpResponseBase:
    """The letter itself, for a psychologist who treats the patient. Each time stands in the trail."""
    now = timezone.now()
    readable = ReferralLetter.objects.readable_by(request.actor, now=now).select_related("referral")
    found = get_object_or_404(readable, code=code)
    try:
        content = letters.read(letter=found, by=request.actor, now=now)
    except FileGone:
        raise Http404 from None
    return serving.file_response(
        request,
        BytesIO(content),
        size=found.size,
        media_type=found.what.media_type,
        name=f"referral-letter.{found.kind}",
        digest=found.sha256,
        inline=found.what.opens_in_a_browser,
        public=False,
    )
