"""Answers that worry, as their psychologist, or whoever is on duty, looks at them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.journeys import alerting
from portal.records import alerts
from portal.records.models import RiskAlert
from portal.records.refusals import AlreadyEnded
from portal.records.results import causes_in_words, given_of
from portal.web.psychologist.measure_forms import DoneForm


@allow(Role.PSYCHOLOGIST)
@sensitive_variables()
@require_safe
def alert(request: ActorRequest, code: UUID) -> HttpResponse:
    """What was answered, whom to ring, and what was done about it."""
    now = timezone.now()
    return _page(request, _one(request, code, now=now), now=now)


@allow(Role.PSYCHOLOGIST)
@require_POST
def see(request: ActorRequest, code: UUID) -> HttpResponse:
    """Says that one looks at it now, so that nobody else is told."""
    now = timezone.now()
    found = _one(request, code, now=now)
    if alerting.see(alert=found, by=request.actor, now=now):
        messages.success(request, _("You are looking at it. Nobody else is told."))
    return redirect("psychologist:alert", found.code)


@allow(Role.PSYCHOLOGIST)
@sensitive_post_parameters("done")
@sensitive_variables()
@require_POST
def end(request: ActorRequest, code: UUID) -> HttpResponse:
    """Ends it with what was done."""
    now = timezone.now()
    found = _one(request, code, now=now)
    form = DoneForm(request.POST)
    if found.ended_at is not None:
        return _ended_before(request, found, form, now=now)
    if not form.is_valid():
        return _page(request, found, now=now, form=form, status=422)
    try:
        alerting.end(alert=found, done=form.cleaned_data["done"], by=request.actor, now=now)
    except AlreadyEnded:
        return _ended_before(request, _one(request, code, now=now), form, now=now)
    messages.success(request, _("Written down. It is off the list."))
    return redirect("psychologist:alert", found.code)


def _ended_before(request: ActorRequest, found: RiskAlert, form: DoneForm, *, now: datetime) -> HttpResponse:
    """The same words sent twice are one; other words are shown beside those that stand, and nothing is lost."""
    if form.is_valid() and form.cleaned_data["done"] == found.done:
        return redirect("psychologist:alert", found.code)
    messages.warning(
        request, _("Somebody wrote down meanwhile what was done. Yours was not kept: copy it if you need it.")
    )
    return _page(request, found, now=now, form=form, status=409)


def _page(
    request: ActorRequest, found: RiskAlert, *, now: datetime, form: DoneForm | None = None, status: int = 200
) -> HttpResponse:
    alerts.read(alert=found, by=request.actor, now=now)
    context = {
        "alert": found,
        "patient": found.patient,
        "measure": found.measure,
        "instrument": found.measure.form,
        "causes": causes_in_words(found.measure, found.causes or ()),
        "given": given_of(found.measure),
        "form": form or DoneForm(),
        "unsaved": form.data.get("done", "") if form is not None and found.ended_at is not None else "",
        "zone": ClinicSettings.current().zone,
    }
    return render(request, "psychologist/alert.html", context, status=status)


def _one(request: ActorRequest, code: UUID, *, now: datetime) -> RiskAlert:
    visible = RiskAlert.objects.visible_to(request.actor, now=now)
    return get_object_or_404(
        visible.select_related("patient__ways", "measure", "author__user", "seen_by", "ended_by", "passed_to__user"),
        code=code,
    )
