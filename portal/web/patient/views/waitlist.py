"""Waiting for a time, or for an earlier one: joining the list, changing what one waits for, and leaving it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.roles import Role
from portal.appointments import actions, eligibility, waitable
from portal.appointments.models import WaitlistEntry
from portal.appointments.refusals import AlreadyWaiting, NotOffered, NotWaiting
from portal.clinic import kept
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.once import making, once
from portal.journeys.waitlist import answering
from portal.journeys.waitlist.words import lines_of
from portal.patients.models import Patient
from portal.patients.reaching import readers_of
from portal.web.patient.forms import OwnWishForm


@allow(Role.PATIENT)
@require_safe
def listing(request: ActorRequest) -> HttpResponse:
    """What this account's people wait for."""
    entries = WaitlistEntry.objects.visible_to(request.actor).waiting().order_by("joined_at", "pk")
    people = list(Patient.objects.visible_to(request.actor).themself_first(request.user).select_related("user"))
    context = {
        "lines": lines_of(list(entries.select_related("patient").prefetch_related("psychologists"))),
        "several": len(people) > 1,
        "unknown": not people,
        "clinic": ClinicSettings.current(),
    }
    return render(request, "patient/waitlist.html", context)


def _form(
    request: ActorRequest,
    people: Sequence[Patient],
    *,
    now: datetime,
    entry: WaitlistEntry | None = None,
    initial: dict[str, Any] | None = None,
) -> OwnWishForm:
    clinic = ClinicSettings.current()
    if entry is not None:
        # Offered no more, or not to them: they keep their turn, and may still say which times would help.
        services = [entry.service]
    else:
        own = eligibility.standings(people, now=now)
        may = (own[patient.pk] for patient in people)
        services = waitable.services_for(may, kept.services_online(), clinic=clinic)
    return OwnWishForm(
        request.POST if request.method == "POST" else None,
        people=people,
        services=services,
        psychologists=[person for person in kept.psychologists().values() if person.is_active],
        places=[place for place in kept.places().values() if place.is_active],
        clinic=clinic,
        now=now,
        entry=entry,
        initial=initial,
    )


@allow(Role.PATIENT)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: ActorRequest) -> HttpResponse:
    """Says which times would help; from then on they are asked by e-mail when one is free."""
    now = timezone.now()
    people = list(Patient.objects.visible_to(request.actor).themself_first(request.user).select_related("user"))
    if not people:
        return redirect("patient:waitlist")
    form = _form(
        request,
        people,
        now=now,
        initial={"service": request.GET.get("service")} if "service" in request.GET else None,
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                with making(request, now=now) as made:
                    actions.join_waitlist(
                        patient=form.patient, service=form.chosen_service, wish=form.wish, by=request.actor, now=now
                    )
                    made.leads_to("patient:waitlist")
            except AlreadyWaiting:
                words = _("%(name)s is on the waitlist for this service already. You can change it there.")
                form.add_error("service", words % {"name": form.patient.called})
                status = 409
            except NotOffered:
                form.add_error("service", _("This service can't be booked online any more."))
                status = 409
            else:
                messages.success(request, _("You are on the waitlist."))
                if not readers_of(form.patient):
                    messages.warning(
                        request, _("We have no e-mail address to write to. Please add one to the details.")
                    )
                return made.answer
    return render(request, "patient/waitlist_join.html", {"form": form}, status=status)


@allow(Role.PATIENT)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: ActorRequest, code: UUID) -> HttpResponse:
    """Which times would help now; their turn stays theirs, and so does what the desk wrote."""
    rows = WaitlistEntry.objects.visible_to(request.actor).select_related("patient", "service", "location")
    entry, now = get_object_or_404(rows, code=code), timezone.now()
    if not entry.is_waiting:
        messages.info(request, _("This was over already. Nothing was changed."))
        return redirect("patient:waitlist")
    form, status = _form(request, [entry.patient], now=now, entry=entry), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.change_wish(entry=entry, wish=form.wish, seen=form.seen_revision, by=request.actor, now=now)
            except NotWaiting:
                messages.warning(request, _("This was changed meanwhile, and nothing was saved. Please look again."))
                return redirect("patient:change_wish", code=entry.code)
            messages.success(request, _("The changes are saved. Your place in the queue is the same."))
            return redirect("patient:waitlist")
    return render(request, "patient/waitlist_change.html", {"form": form, "entry": entry}, status=status)


@allow(Role.PATIENT)
@require_POST
def leave(request: ActorRequest, code: UUID) -> HttpResponse:
    """Ends the waiting; what was offered goes to somebody else."""
    entry = get_object_or_404(WaitlistEntry.objects.visible_to(request.actor), code=code)
    if answering.leave(entry=entry, why=WaitlistEntry.Ended.LEFT, by=request.actor, now=timezone.now()):
        messages.success(request, _("You are off the waitlist."))
    else:
        messages.info(request, _("This was over already. Nothing was changed."))
    return redirect("patient:waitlist")
