"""Who waits for a time, what was offered to whom, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.roles import Role
from portal.appointments import actions, eligibility
from portal.appointments.models import Offer, WaitlistEntry
from portal.appointments.refusals import AlreadyWaiting, NotOffered, NotWaiting
from portal.clinic import kept
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.once import making, once
from portal.journeys.waitlist import answering
from portal.journeys.waitlist.words import lines_of
from portal.patients.models import Patient
from portal.web.reception.waitlist_forms import DeskWishForm

PER_PAGE = 50


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def waiting(request: ActorRequest) -> HttpResponse:
    """Who waits, in the order in which they are asked."""
    entries = WaitlistEntry.objects.visible_to(request.actor).waiting().in_turn()
    page = Paginator(entries.select_related("patient").prefetch_related("psychologists"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {"page": page, "lines": lines_of(list(page)), "clinic": ClinicSettings.current(), "tab": "waiting"}
    return render(request, "reception/waitlist.html", context)


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def offers(request: ActorRequest) -> HttpResponse:
    """Every offer, the newest first, and what came of it."""
    rows = Offer.objects.visible_to(request.actor).for_listing().select_related("offered_by", "vacancy__session")
    page = Paginator(rows.order_by("-offered_at", "-pk"), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "tab": "offers", "now": timezone.now()}
    return render(request, "reception/waitlist_offers.html", context)


def _form(
    data: Any, *, patient: Patient, clinic: ClinicSettings, now: datetime, entry: WaitlistEntry | None = None
) -> DeskWishForm:
    services = kept.offered_services()
    if entry is not None and entry.service not in services:
        # Offered no more: they keep their turn until somebody takes them off.
        services = [*services, entry.service]
    if entry is None:
        # What they may not book online can be chosen all the same, but never is at first.
        own = eligibility.standings([patient], now=now)[patient.pk]
        services.sort(
            key=lambda each: (bool(eligibility.why_not_wait(each, own, clinic=clinic)), not each.first_visit_only)
        )
    return DeskWishForm(
        data,
        people=[patient],
        clinic=clinic,
        services=services,
        psychologists=[person for person in kept.psychologists().values() if person.is_active],
        places=[place for place in kept.places().values() if place.is_active],
        now=now,
        entry=entry,
    )


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: ActorRequest, code: UUID) -> HttpResponse:
    """Puts a patient on the list: by phone, or at the desk."""
    patient, now = get_object_or_404(Patient.objects.visible_to(request.actor), code=code), timezone.now()
    clinic, sent = ClinicSettings.current(), request.POST if request.method == "POST" else None
    form = _form(sent, patient=patient, clinic=clinic, now=now)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                with making(request, now=now) as made:
                    actions.join_waitlist(
                        patient=patient, service=form.chosen_service, wish=form.wish, by=request.actor, now=now
                    )
                    made.leads_to("reception:patient", code=patient.code)
            except AlreadyWaiting:
                form.add_error("service", _("They are on the waitlist for this service already."))
                status = 409
            except NotOffered:
                form.add_error("service", _("This service is offered no more."))
                status = 409
            else:
                messages.success(request, _("%(name)s is on the waitlist.") % {"name": patient.name})
                return made.answer
    return render(request, "reception/waitlist_join.html", {"form": form, "patient": patient}, status=status)


def _entry(request: ActorRequest, code: UUID) -> WaitlistEntry:
    rows = WaitlistEntry.objects.visible_to(request.actor).select_related("patient", "service", "location")
    return get_object_or_404(rows, code=code)


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: ActorRequest, code: UUID) -> HttpResponse:
    """What somebody waits for, to be changed; they keep their turn."""
    entry, now = _entry(request, code), timezone.now()
    if not entry.is_waiting:
        messages.info(request, _("%(name)s is not on the waitlist any more.") % {"name": entry.patient.name})
        return redirect("reception:waitlist")
    clinic, sent = ClinicSettings.current(), request.POST if request.method == "POST" else None
    form = _form(sent, patient=entry.patient, clinic=clinic, now=now, entry=entry)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.change_wish(entry=entry, wish=form.wish, seen=form.seen_revision, by=request.actor, now=now)
            except NotWaiting:
                messages.warning(request, _("This was changed meanwhile, and nothing was saved. Please look again."))
                return redirect("reception:waiting", code=entry.code)
            messages.success(request, _("The changes are saved."))
            return redirect("reception:waitlist")
    return render(request, "reception/waitlist_entry.html", {"form": form, "entry": entry}, status=status)


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def remove(request: ActorRequest, code: UUID) -> HttpResponse:
    """Takes somebody off the list, and takes back what is offered to them."""
    entry = _entry(request, code)
    left = answering.leave(entry=entry, why=WaitlistEntry.Ended.REMOVED, by=request.actor, now=timezone.now())
    if left:
        messages.success(request, _("%(name)s is off the waitlist.") % {"name": entry.patient.name})
    else:
        messages.info(request, _("%(name)s is not on the waitlist any more.") % {"name": entry.patient.name})
    return redirect("reception:waitlist")


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def withdraw(request: ActorRequest, code: UUID) -> HttpResponse:
    """Takes an offer back: the time is free again, and is offered to nobody else by itself."""
    offer = get_object_or_404(Offer.objects.visible_to(request.actor).for_listing(), code=code)
    if answering.withdraw(offer=offer, by=request.actor, now=timezone.now()):
        messages.success(request, _("The offer is withdrawn. The time is free again, and nobody else is asked."))
    else:
        messages.info(request, _("This offer was over already. Nothing was changed."))
    return redirect("reception:offers")
