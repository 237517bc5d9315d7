"""Outcome measures of a patient: asked for, charted, entered from paper, and let be seen by them.

Which measure it is stands in no title and no address.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Max, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.roles import Role
from portal.audit import trail
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.once import making, once
from portal.journeys import measuring as journey
from portal.messaging import correspondents
from portal.patients.models import Patient
from portal.records import measuring
from portal.records.instruments import CURRENT
from portal.records.measure_form import PaperForm
from portal.records.models import Measure, MeasureKey, MeasurePlan, RiskAlert
from portal.records.refusals import AlreadyAnswered, NotAsked, NotTheirs
from portal.records.results import Course, courses_of, given_of, results_of
from portal.web.psychologist.measure_forms import AskForm

# Of one measure; more would make no chart that anybody reads.
MOST_POINTS = 40
# What stands for each of them in an address: it says nothing of how somebody is.
SHEETS = dict(zip("abcde", MeasureKey.values, strict=True))


class Followed(NamedTuple):
    """One measure of a patient: how its scores went, and each time it was answered, the newest first."""

    name: str
    courses: list[Course]
    measures: list[Measure]


def measured(person: Patient, actor: Actor, *, now: datetime) -> dict[str, Any]:
    """For the patient's page: when one was last answered, how many wait, and an alert that nobody ended."""
    own = Measure.objects.visible_to(actor, now=now).filter(patient=person)
    found: dict[str, Any] = own.aggregate(
        answered=Max("answered_at"), waiting=Count("pk", filter=Q(state=Measure.State.ASKED, open_until__gt=now))
    )
    alerts = RiskAlert.objects.visible_to(actor, now=now).still_open().filter(patient=person)
    return found | {"alert": alerts.values_list("code", flat=True).first()}


@allow(Role.PSYCHOLOGIST)
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
def measures(request: ActorRequest, code: UUID) -> HttpResponse:
    """What was answered, as charts with their figures; what waits; and a form to ask for more."""
    now, actor = timezone.now(), request.actor
    person = get_object_or_404(Patient.objects.visible_to(actor), code=code)
    form = AskForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        _ask(request, form, person, now=now)
        return redirect("psychologist:measures", person.code)
    own = Measure.objects.visible_to(actor, now=now).filter(patient=person)
    trail.read("measures", by=actor, target=person, at=now, patient=person.pk)
    context = {
        "patient": person,
        "followed": _followed(own),
        "waiting": list(own.filter(author__user=actor.user).waiting(now=now).without_answers()),
        "plans": list(MeasurePlan.objects.filter(patient=person, author__user=actor.user, ended_at__isnull=True)),
        "form": form,
        "papers": [(sheet, MeasureKey(key).label) for sheet, key in SHEETS.items()],
        "zone": ClinicSettings.current().zone,
    }
    return render(request, "psychologist/measures.html", context, status=422 if request.method == "POST" else 200)


def _ask(request: ActorRequest, form: AskForm, person: Patient, *, now: datetime) -> None:
    instrument = form.cleaned_data["instrument"]
    if form.is_once:
        journey.ask(patient=person, instrument=instrument, by=request.actor, now=now)
        messages.success(request, _("Asked for. It waits in their pages for fourteen days."))
    else:
        at = () if form.every else form.AT
        measuring.plan(
            patient=person, instrument=instrument, every=form.every, at_sessions=at, by=request.actor, now=now
        )
        messages.success(request, _("Planned. It is asked for three days before the session."))
    if not correspondents.readers_of(person, today=ClinicSettings.current().today(now)):
        messages.warning(request, _("Nobody signs in for them yet: give it on paper, or invite them first."))


def _followed(own: Any) -> list[Followed]:
    zone = ClinicSettings.current().zone
    by_instrument: dict[str, list[Measure]] = {}
    for one in own.answered().order_by("-answered_at", "-pk"):
        found = by_instrument.setdefault(one.instrument, [])
        if len(found) < MOST_POINTS:
            found.append(one)
    return [
        Followed(CURRENT[key].full_name, courses_of(found[::-1], zone=zone), found)
        for key, found in by_instrument.items()
    ]


@allow(Role.PSYCHOLOGIST)
@sensitive_variables()
@require_safe
def measure(request: ActorRequest, code: UUID) -> HttpResponse:
    """One that was answered: its scores, and what was answered to each item."""
    now = timezone.now()
    found = _one(request, code, now=now)
    if not found.is_answered:
        raise Http404
    measuring.read(measure=found, by=request.actor, now=now)
    context = {
        "measure": found,
        "patient": found.patient,
        "instrument": found.form,
        "results": results_of(found),
        "given": given_of(found),
        "zone": ClinicSettings.current().zone,
    }
    return render(request, "psychologist/measure.html", context)


@allow(Role.PSYCHOLOGIST)
@require_POST
def release(request: ActorRequest, code: UUID) -> HttpResponse:
    """Lets the patient see the result."""
    now = timezone.now()
    found = _one(request, code, now=now)
    try:
        if measuring.release(measure=found, by=request.actor, now=now):
            messages.success(request, _("The patient can see the result in their pages now."))
    except (NotAsked, NotTheirs):
        raise Http404 from None
    return redirect("psychologist:measure", found.code)


@allow(Role.PSYCHOLOGIST)
@require_POST
def withdraw(request: ActorRequest, code: UUID) -> HttpResponse:
    """Asks for it no more."""
    now = timezone.now()
    found = _one(request, code, now=now)
    try:
        if journey.withdraw(measure=found, by=request.actor, now=now):
            messages.success(request, _("It is not asked for any more."))
    except AlreadyAnswered:
        messages.info(request, _("It was answered meanwhile."))
    except NotTheirs:
        raise Http404 from None
    return redirect("psychologist:measures", found.patient.code)


@allow(Role.PSYCHOLOGIST)
@require_POST
def end_plan(request: ActorRequest, code: UUID) -> HttpResponse:
    """Plans no more of it."""
    now = timezone.now()
    plan = get_object_or_404(MeasurePlan.objects.filter(author__user=request.actor.person), code=code)
    measuring.end_plan(plan=plan, by=request.actor, now=now)
    messages.success(request, _("It is not planned any more. What was asked for already still waits."))
    return redirect("psychologist:measures", plan.patient.code)


@allow(Role.PSYCHOLOGIST)
@sensitive_post_parameters()
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
@once
def enter(request: ActorRequest, code: UUID, sheet: str) -> HttpResponse:
    """Enters what a patient filled in on paper; `sheet` stands for the measure, which no address names."""
    now, actor, clinic = timezone.now(), request.actor, ClinicSettings.current()
    person = get_object_or_404(Patient.objects.visible_to(actor), code=code)
    if (instrument := SHEETS.get(sheet)) is None:
        raise Http404
    one = CURRENT[instrument]
    form = PaperForm(request.POST if request.method == "POST" else None, instrument=one, today=clinic.today(now))
    if request.method == "POST" and form.is_valid():
        with making(request, now=now) as made:
            entered, flags = journey.enter(
                patient=person,
                instrument=instrument,
                given=form.given,
                unscored=form.unscored,
                answered_at=form.answered_at(zone=clinic.zone, now=now),
                by=actor,
                now=now,
            )
            if flags:
                messages.warning(request, _("Some of these answers must be looked at today. They are on your list."))
            made.leads_to("psychologist:measure", entered.code)
        return made.answer
    context = {"patient": person, "instrument": one, "form": form}
    status = 422 if request.method == "POST" else 200
    return render(request, "psychologist/measure_enter.html", context, status=status)


def _one(request: ActorRequest, code: UUID, *, now: datetime) -> Measure:
    visible = Measure.objects.visible_to(request.actor, now=now)
    return get_object_or_404(visible.select_related("patient", "author__user"), code=code)
