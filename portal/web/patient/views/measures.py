"""Short forms that a psychologist asks somebody to fill in: those that wait, and what was answered."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts.roles import Role
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.htmx import page_or_fragment
from portal.journeys import measuring
from portal.patients.models import Patient
from portal.records.measure_form import MeasureForm
from portal.records.models import Measure, RiskAlert
from portal.records.refusals import AlreadyAnswered, NotAsked
from portal.records.results import results_of

PER_PAGE = 20


@allow(Role.PATIENT)
@require_safe
def listing(request: ActorRequest) -> HttpResponse:
    """Those that wait, the first to end first, and those that were answered, the newest first."""
    now = timezone.now()
    own = Measure.objects.visible_to(request.actor, now=now).without_answers().select_related("patient", "author__user")
    page = Paginator(own.answered().order_by("-answered_at", "-pk"), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "waiting": list(own.waiting(now=now).order_by("open_until", "pk")),
        "page": page,
        "several": Patient.objects.managed_by(request.user).count() > 1,
    }
    return page_or_fragment(request, "patient/measures.html", context, fragment="answered")


@allow(Role.PATIENT)
@sensitive_post_parameters()
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
def measure(request: ActorRequest, code: UUID) -> HttpResponse:
    """The form to fill in; once it is sent, thanks, and whom to call where the answers worry."""
    now, actor = timezone.now(), request.actor
    found = get_object_or_404(
        Measure.objects.visible_to(actor, now=now).select_related("patient", "author__user"), code=code
    )
    if found.is_answered:
        return redirect("patient:measure", found.code) if request.method == "POST" else _answered(request, found)
    if not found.can_be_answered(now=now):
        return _over(request)
    form = MeasureForm(request.POST if request.method == "POST" else None, instrument=found.form)
    if request.method == "POST" and form.is_valid():
        try:
            measuring.answer(measure=found, given=form.given, unscored=form.unscored, by=actor, now=now)
        except NotAsked:
            return _over(request)
        except AlreadyAnswered:
            messages.info(request, _("This form was sent before. What was sent first stands."))
        return redirect("patient:measure", found.code)
    context = {
        "measure": found,
        "instrument": found.form,
        "form": form,
        "is_own": found.patient.user_id == actor.user_id,
    }
    return render(request, "patient/measure.html", context, status=422 if request.method == "POST" else 200)


def _answered(request: ActorRequest, measure: Measure) -> HttpResponse:
    context = {
        "measure": measure,
        "instrument": measure.form,
        "worries": RiskAlert.objects.filter(measure=measure).exists(),
        "results": results_of(measure) if measure.released_at else (),
        "is_own": measure.patient.user_id == request.actor.user_id,
    }
    return render(request, "patient/measure_answered.html", context)


def _over(request: ActorRequest) -> HttpResponse:
    messages.info(request, _("This form is not asked for any more. Nothing was sent."))
    return redirect("patient:measures")
