"""A patient's own sessions, and those of the people in their care."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.roles import Role
from portal.appointments import actions, ics
from portal.appointments.forms import FeeShown, SeenForm
from portal.appointments.listing import with_clinic
from portal.appointments.models import Appointment, CancelReason
from portal.appointments.parts_of_day import PartOfDay
from portal.appointments.refusals import (
    NotCancellable,
    NotOffered,
    NotReschedulable,
    SlotTaken,
    WrongState,
)
from portal.appointments.states import Verb, Why
from portal.billing import actions as billing
from portal.billing import charges
from portal.billing.models import BILLS_A_SESSION, Invoice
from portal.billing.models.saved_card import on_file_of
from portal.billing.online.client import is_on
from portal.clinic.models import ClinicSettings, Location, Mode
from portal.common.access.actors import Actor
from portal.common.access.decorators import ActorRequest, allow
from portal.common.languages.times import when
from portal.common.money import ZERO
from portal.common.web.htmx import page_or_fragment, redirect_to
from portal.journeys import (
    better_access,
    booking,
    changing,
    choosing,
    clocks,
    own_sessions,
    paying,
    requests,
    sessions,
    told,
)
from portal.journeys.online import ahead
from portal.journeys.times_form import TimesForm, kept_in_links
from portal.patients.models import Patient
from portal.web.patient.forms import NewTime
from portal.web.patient.lists import listed, session_bills

PAST_PER_PAGE = 10
CHANGED = gettext_lazy("This session was changed meanwhile, and nothing was done. Please look at it again.")


@allow(Role.PATIENT)
@require_safe
def listing(request: ActorRequest) -> HttpResponse:
    now, clinic = timezone.now(), ClinicSettings.current()
    own = Appointment.objects.visible_to(request.actor).for_lists()
    page = Paginator(own.past(now=now), PAST_PER_PAGE).get_page(request.GET.get("page"))
    with_clinic(page)
    context = {
        "upcoming": changing.with_deadlines(with_clinic(own.upcoming(now=now)), now=now, clinic=clinic),
        "requests": changing.with_deadlines(with_clinic(own.requests()), now=now, clinic=clinic),
        "page": page,
        "several": Patient.objects.managed_by(request.user).count() > 1,
    }
    return page_or_fragment(request, "patient/appointments.html", context, fragment="past")


def _own(request: ActorRequest, code: UUID) -> Appointment:
    return get_object_or_404(Appointment.objects.visible_to(request.actor).for_listing(), code=code)


def _context(appointment: Appointment, *, by: Actor, now: datetime) -> dict[str, Any]:
    clinic, steps = ClinicSettings.current(), sessions.steps(appointment, by=by, now=now)
    return {
        "appointment": appointment,
        "fee_now": booking.cancelling_costs(appointment, now=now, clinic=clinic),
        "quote": (quote := charges.promised(appointment, clinic=clinic)),
        **better_access.beside_price(appointment, appointment.patient, now=now),
        "terms": changing.terms_of(appointment, now=now, clinic=clinic),
        "late_fee": charges.late_fee(appointment, clinic=clinic).amounts.total,
        "free_until": booking.free_until(appointment, clinic=clinic),
        "steps": steps,
        "is_late": steps[Verb.MOVE].why == Why.LATE,
        "held": (held := billing.held_ahead(appointment)),
        "rest": max(quote.total - held, ZERO),
    }


@allow(Role.PATIENT)
@require_safe
def detail(request: ActorRequest, code: UUID) -> HttpResponse:
    """One session: what it costs while it is not billed, and its invoices with what is left to pay once it is."""
    appointment, now = _own(request, code), timezone.now()
    clinic = ClinicSettings.current()
    visible = Invoice.objects.visible_to(request.actor).live().filter(appointment=appointment)
    bills = session_bills(listed(visible).order_by("issued_on", "pk"), today=clinic.today(now))
    context = _context(appointment, by=request.actor, now=now) | {
        "bills": bills,
        "paid": sum((bill.payable - bill.balance for bill in bills), start=ZERO),
        "left": sum((bill.balance for bill in bills), start=ZERO),
        "is_billed": (is_billed := any(bill.purpose in BILLS_A_SESSION for bill in bills)),
        # The card of its price says it with all else, and goes once the session is billed.
        "deadline": changing.deadline_of(appointment, now=now, clinic=clinic) if is_billed else None,
        "is_repeated": not appointment.service.first_visit_only
        and not ahead.asked(appointment, patient=appointment.patient, clinic=clinic, now=now),
        "fee_due": paying.fee_to_come(appointment, clinic=clinic),
    }
    return render(request, "patient/appointment.html", context)


@allow(Role.PATIENT)
@require_safe
def calendar_entry(request: ActorRequest, code: UUID) -> HttpResponse:
    """The session as an .ics file, for the calendar on a phone."""
    appointment = _own(request, code)
    if appointment.is_request:
        # Nothing is booked yet.
        raise Http404
    method: ics.Method = "CANCEL" if appointment.is_cancelled or appointment.is_declined else "PUBLISH"
    is_named = request.actor.person.email.lower() in ics.named_for(appointment.patient_id)
    clinic = ClinicSettings.current()
    entry = ics.invitation(appointment, method=method, clinic=clinic, now=timezone.now(), is_named=is_named)
    response = HttpResponse(entry, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="appointment.ics"'
    return response


@allow(Role.PATIENT)
@require_POST
def withdraw(request: ActorRequest, code: UUID) -> HttpResponse:
    """Takes a request back; it costs nothing."""
    appointment, now = _own(request, code), timezone.now()
    try:
        requests.withdraw_request(appointment=appointment, by=request.actor, now=now, seen=SeenForm.read(request.POST))
    except WrongState:
        messages.warning(request, CHANGED)
    else:
        messages.success(request, _("Your request is withdrawn. It costs nothing."))
    return redirect_to(request, "patient:appointment", code=appointment.code)


def _say_why_not(request: HttpRequest, appointment: Appointment, verb: Verb) -> None:
    """What stands in the way of moving or cancelling: one that is called off already needs no phone call."""
    if appointment.is_cancelled:
        messages.info(request, _("This session is already cancelled. There is nothing more to do."))
    elif verb == Verb.MOVE:
        messages.error(request, _("This session can no longer be moved here. Please phone us."))
    else:
        messages.error(request, _("This session can no longer be cancelled here. Please phone us."))


@allow(Role.PATIENT)
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: ActorRequest, code: UUID) -> HttpResponse:
    """Asks once, with the fee if there is one, then cancels."""
    appointment = _own(request, code)
    now = timezone.now()
    context = _context(appointment, by=request.actor, now=now)
    if not context["steps"][Verb.CANCEL].allowed:
        if request.method == "POST" and actions.is_done_by(appointment, Verb.CANCEL, by=request.actor):
            _say_cancelled(request, appointment, now=now)
            return redirect_to(request, "patient:appointment", code=appointment.code)
        _say_why_not(request, appointment, Verb.CANCEL)
        return redirect("patient:appointment", code=appointment.code)
    if request.method != "POST":
        card = on_file_of(appointment.person.pk) if context["fee_now"] and is_on() else None
        context |= {"card": card, "is_my_card": card is not None and card.given_by_id == request.actor.person.pk}
        return render(request, "patient/cancel.html", context)
    if context["fee_now"] > FeeShown.read(request.POST):
        words = _("The free time is over by now, so nothing was cancelled. Please look at the fee, then decide.")
        messages.warning(request, words)
        return redirect_to(request, "patient:cancel", code=appointment.code)
    try:
        booking.cancel_session(
            appointment=appointment,
            reason=CancelReason.PATIENT,
            by=request.actor,
            now=now,
            seen=SeenForm.read(request.POST),
        )
    except NotCancellable as refused:
        if refused.reason == Why.CHANGED:
            messages.warning(request, CHANGED)
            return redirect_to(request, "patient:cancel", code=appointment.code)
        appointment.refresh_from_db(fields=["status"])
        _say_why_not(request, appointment, Verb.CANCEL)
    else:
        _say_cancelled(request, appointment, now=now)
    return redirect_to(request, "patient:appointment", code=appointment.code)


def _say_cancelled(request: ActorRequest, appointment: Appointment, *, now: datetime) -> None:
    done = _("Your session is cancelled: %(when)s.") % {"when": when(appointment.starts_at, appointment.zone)}
    messages.success(request, told.with_message(done, appointment, by=request.actor, now=now))


@allow(Role.PATIENT)
@require_http_methods(["GET", "HEAD", "POST"])
def reschedule(request: ActorRequest, code: UUID) -> HttpResponse:
    """The psychologist's free times, week by week; pressing one asks first, and then moves the session there."""
    appointment = _own(request, code)
    now = timezone.now()
    if not sessions.steps(appointment, by=request.actor, now=now)[Verb.MOVE].allowed:
        _say_why_not(request, appointment, Verb.MOVE)
        return redirect_to(request, "patient:appointment", code=appointment.code)
    is_asked = request.method == "POST" or "time" in request.GET
    if not is_asked:
        return _times(request, appointment, now=now)
    form = NewTime(request.POST if request.method == "POST" else request.GET)
    if not form.is_valid():
        messages.error(request, _("Choose one of the times shown."))
        return redirect_to(request, "patient:reschedule", code=appointment.code)
    starts_at, location = form.cleaned_data["time"]
    if request.method != "POST":
        return _ask(request, appointment, starts_at, location, now=now)
    before, was = appointment.starts_at, when(appointment.starts_at, appointment.zone)
    try:
        moved = booking.reschedule_session(
            appointment=appointment,
            starts_at=starts_at,
            location=location,
            by=request.actor,
            now=now,
            seen=SeenForm.read(request.POST),
        )
    except (SlotTaken, NotOffered):  # the page says whether it was for a session of their own
        return _times(request, appointment, now=now, taken=starts_at)
    except NotReschedulable as refused:
        if refused.reason == Why.CHANGED:
            # Asked again, from where it is now to where they wanted it.
            messages.warning(request, CHANGED)
            query = urlencode({"time": form.data["time"]})
            return redirect_to(request, f"{reverse('patient:reschedule', args=[appointment.code])}?{query}")
        appointment.refresh_from_db(fields=["status"])
        _say_why_not(request, appointment, Verb.MOVE)
    else:
        done = _("Your session is moved from %(was)s to %(when)s.") % {
            "was": was,
            "when": when(moved.starts_at, moved.zone),
        }
        messages.success(request, told.with_message(done, moved, by=request.actor, now=now, was=before))
    return redirect_to(request, "patient:appointment", code=appointment.code)


def _ask(
    request: ActorRequest, appointment: Appointment, starts_at: datetime, location: Location, *, now: datetime
) -> HttpResponse:
    """From where to where, and on which terms, before anything is moved."""
    if (starts_at, location.pk) == (appointment.starts_at, appointment.location_id):
        messages.info(request, _("Your session is at this time already. Choose another one to move it."))
        return redirect_to(request, "patient:reschedule", code=appointment.code)
    clinic = ClinicSettings.current()
    moved = booking.as_moved(appointment, starts_at=starts_at, location=location, now=now)
    is_met = own_sessions.besides(appointment, now=now).meeting(starts_at, moved.ends_at)
    if is_met or not choosing.is_free(appointment, starts_at=starts_at, location=location, now=now, clinic=clinic):
        return _times(request, appointment, now=now, taken=starts_at)
    context = {
        "appointment": appointment,
        "moved": moved,
        "time": request.GET["time"],
        "week": choosing.monday_of(location.day_of(starts_at)),
        "quote": charges.promised(moved, clinic=clinic),
        "terms": changing.terms_of(moved, now=now, clinic=clinic),
    }
    return render(request, "patient/move.html", context)


def _times(
    request: HttpRequest, appointment: Appointment, *, now: datetime, taken: datetime | None = None
) -> HttpResponse:
    clinic = ClinicSettings.current()
    who, own = [appointment.psychologist], own_sessions.besides(appointment, now=now)
    chosen = TimesForm.read(request.GET)
    opens_on = appointment.location.day_of(taken or appointment.starts_at)
    clock = clocks.in_force(chosen["zone"], appointment.patient)
    week = choosing.week_of_times(
        psychologists=who,
        service=appointment.service,
        monday=chosen["week"] or chosen["near"] or choosing.monday_of(opens_on),
        now=now,
        clinic=clinic,
        mode=appointment.mode,
        part=chosen["part"],
        ignore=appointment,
        day=chosen["day"],
        likely_day=opens_on,
        own=own,
        is_asked_for=bool(chosen["week"] or taken),
    )
    context: dict[str, Any] = {
        "appointment": appointment,
        "deadline": changing.deadline_of(appointment, now=now, clinic=clinic),
        "week": week,
        "today": clinic.today(now),
        "action": reverse("patient:reschedule", args=[appointment.code]),
        "query": urlencode(kept_in_links(chosen | {"place": None})),
        "mode": Mode(appointment.mode),
        "fee": charges.promised(appointment, clinic=clinic).total,
        "part": chosen["part"],
        "parts": list(PartOfDay),
        "zone": clock,
        "clock": week.other_clock(clock),
        "clocks": clocks.offered(clock),
        "taken": None,
        "met": own.meeting(taken, taken + (appointment.ends_at - appointment.starts_at)) if taken else [],
    }
    if taken and not context["met"]:
        nearest = choosing.nearest_times(
            psychologists=who,
            service=appointment.service,
            around=taken,
            now=now,
            clinic=clinic,
            mode=appointment.mode,
            ignore=appointment,
            own=own,
        )
        context["taken"] = {"at": taken, "zone": appointment.zone, "nearest": nearest}
    status = 409 if taken else 200
    return page_or_fragment(request, "patient/reschedule.html", context, fragment="times", status=status)
