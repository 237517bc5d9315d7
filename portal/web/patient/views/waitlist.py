"""Waiting for a time, or for an earlier one: joining the list, changing what one waits for, and leaving it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
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
from portal.common.access import limits
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.once import making, once
from portal.journeys import newcomers, who_books
from portal.journeys.newcomers import AskedWho
from portal.journeys.waitlist import answering, joining
from portal.journeys.waitlist.words import lines_of
from portal.patients.models import Patient
from portal.patients.reaching import readers_of
from portal.patients.refusals import UserHasRecord
from portal.web.patient.forms import OwnWishForm, WaitFor

# How many people one account registers here within a day: a family, and nobody who fills the desk's lists.
MOST_NEW = 5


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
    chosen: Patient | None,
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
        # Whoever has an account may also wait for somebody who has no record yet.
        may = [*(own[patient.pk] for patient in people), eligibility.NEW]
        services = waitable.services_for(may, kept.services_online(), clinic=clinic)
    return OwnWishForm(
        request.POST if request.method == "POST" else None,
        people=people,
        chosen=chosen,
        services=services,
        psychologists=[person for person in kept.psychologists().values() if person.is_active],
        places=[place for place in kept.places().values() if place.is_active],
        clinic=clinic,
        now=now,
        entry=entry,
        initial=initial,
    )


def _ask_who(request: ActorRequest, *, now: datetime, data: QueryDict | None = None) -> AskedWho:
    asked = newcomers.ask_who(request.user, today=ClinicSettings.current().today(now), takes_new=True, data=data)
    asked.who["who"].label = _("Who is it for?")
    return asked


def _page(
    request: ActorRequest, form: OwnWishForm, asked: AskedWho, *, status: int = 200, is_known: bool = False
) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "forms": [form, *asked.as_list], "is_known": is_known}
    return render(request, "patient/waitlist_join.html", context | asked.named, status=status)


@allow(Role.PATIENT)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: ActorRequest) -> HttpResponse:
    """Says which times would help, and of somebody new who they are; from then on they are asked by e-mail."""
    now = timezone.now()
    if request.method == "POST":
        return _join(request, now=now)
    asked = _ask_who(request, now=now)
    people = list(asked.who.patients.values())
    return _page(request, _form(request, people, asked.who.chosen, now=now, initial=WaitFor.read(request.GET)), asked)


def _join(request: ActorRequest, *, now: datetime) -> HttpResponse:
    asked, by = _ask_who(request, now=now, data=request.POST), request.actor
    patient = asked.who.chosen
    form = _form(request, list(asked.who.patients.values()), patient, now=now)
    # Each is asked, so that everything that is missing is said at once.
    if not all([asked.are_valid(), form.is_valid()]):
        return _page(request, form, asked, status=422)
    sent: dict[str, Any] = {"service": form.chosen_service, "wish": form.wish, "agreed": asked.agreement.agreed}
    is_new = patient is None
    if patient is None:
        answer = request.POST.get("known", "")
        patient, is_known = newcomers.known_before(asked, answer=answer, user=request.user, by=by, now=now)
        if is_known:
            return _page(request, form, asked, status=409, is_known=True)
    if patient is None and not limits.within("newcomers", who=str(request.user.code), most=MOST_NEW, seconds=86_400):
        form.add_error(None, _("You have registered several people today. Please phone us for more."))
        return _page(request, form, asked, status=429)
    try:
        with making(request, now=now) as made:
            if patient is not None:
                entry = joining.join(patient=patient, **sent, by=by, now=now)
            else:
                values, cares_as = asked.details.cleaned_data, asked.who.cares_as
                entry = joining.join_first(
                    user=request.user, values=values, relationship=cares_as, **sent, by=by, now=now
                )
            made.leads_to("patient:waitlist")
    except AlreadyWaiting:
        words = _("%(name)s is on the waitlist for this service already. You can change it there.")
        form.add_error("service", words % {"name": patient.called if patient else ""})
    except NotOffered as refused:
        form.add_error("service", who_books.in_words(refused.reason, patient))
    except UserHasRecord:
        form.add_error(None, _("You were registered in another window meanwhile. Look at it again, and send it."))
    else:
        messages.success(request, _("You are on the waitlist."))
        if not readers_of(entry.patient):
            messages.warning(request, _("We have no e-mail address to write to. Please add one to the details."))
        return made.answer
    if is_new:
        # Somebody known from now on: the page names them.
        asked = _ask_who(request, now=now)
    return _page(request, form, asked, status=409)


@allow(Role.PATIENT)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: ActorRequest, code: UUID) -> HttpResponse:
    """Which times would help now; their turn stays theirs, and so does what the desk wrote."""
    rows = WaitlistEntry.objects.visible_to(request.actor).select_related("patient", "service", "location")
    entry, now = get_object_or_404(rows, code=code), timezone.now()
    if not entry.is_waiting:
        messages.info(request, _("This was over already. Nothing was changed."))
        return redirect("patient:waitlist")
    form, status = _form(request, [entry.patient], entry.patient, now=now, entry=entry), 200
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
