"""The last step of booking: the held time, its price, who it is for, and Confirm."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, Status
from portal.appointments.refusals import HoldExpired, NotOffered, PatientBusy, SlotTaken, TooManyBookings
from portal.clinic.models import ClinicSettings, Psychologist, Service
from portal.common.htmx import redirect_to
from portal.common.policy import Actor, open_to_all
from portal.journeys import booking, choosing, pricing
from portal.patients.forms import BookingDetailsForm
from portal.patients.models import Patient
from portal.patients.refusals import UserHasRecord
from portal.web.public.forms import WhoFor
from portal.web.public.views.booking import HOLD


@open_to_all(reason="shows only the time held in this visitor's own session; confirming asks for a sign-in")
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, service: str) -> HttpResponse:
    """Step three. Signed out, it offers to sign in or up and comes back here; the time stays held meanwhile."""
    offered = get_object_or_404(Service, slug=service)
    held = _held(request, offered)
    if held is None:
        # Gone from the diary: it ran out, and somebody else's booking cleared it away.
        ran_out = request.session.pop(HOLD, None) is not None
        messages.info(
            request,
            _("The time held for you ran out. Please choose again.") if ran_out else _("Please choose a time first."),
        )
        return redirect_to(request, reverse("public:times", args=[offered.slug]))
    now = timezone.now()
    if held.status != Status.HELD:
        return _already_booked(request, held)
    if not held.is_held(now=now):
        return _ran_out(request, held)
    if not request.user.is_authenticated:
        if request.method == "POST":
            return redirect_to(request, reverse("account_login") + f"?next={request.path}")
        return render(request, "public/confirm.html", _context(held) | {"step": 3})
    request.actor = Actor(user=request.user, role=Role.PATIENT)
    return _details(request, held)


def _held(request: HttpRequest, service: Service) -> Appointment | None:
    code = request.session.get(HOLD)
    if not code:
        return None
    return Appointment.objects.for_listing().filter(code=code, service=service).first()


def _context(held: Appointment) -> dict[str, Any]:
    clinic = ClinicSettings.current()
    quote = pricing.quote(
        service=held.service,
        psychologist=held.psychologist,
        mode=held.mode,
        on=timezone.localtime(held.starts_at, held.zone).date(),
        clinic=clinic,
        fee=held.fee,
    )
    return {
        "held": held,
        "service": held.service,
        "quote": quote,
        "seconds_left": max(0, int((held.held_until - timezone.now()).total_seconds())),
        "late_fee": pricing.late_fee(quote, clinic=clinic),
        "free_until": booking.free_until(held, clinic=clinic),
        "step": 4,
    }


def _details(request: HttpRequest, held: Appointment) -> HttpResponse:
    user = request.user
    known = list(Patient.objects.managed_by(user).order_by("pk"))
    known.sort(key=lambda p: p.user_id != user.pk)
    data = request.POST if request.method == "POST" else None
    who = WhoFor(data, user=user, patients=known)
    chosen = who["who"].value() if data else who.fields["who"].initial
    initial = {"legal_first_name": user.first_name, "legal_last_name": user.last_name} if chosen == WhoFor.ME else {}
    is_new = chosen not in who.patients
    details = BookingDetailsForm(data if is_new else None, initial=initial)
    context = _context(held) | {"who": who, "details": details, "patients": known, "chosen": chosen}
    if data is None:
        return render(request, "public/confirm.html", context)
    valid = who.is_valid() and (not is_new or details.is_valid())
    if not valid:
        return render(request, "public/confirm.html", context, status=422)
    now = timezone.now()
    try:
        if patient := who.patients.get(chosen):
            booked = booking.book_session(hold=held, patient=patient, by=request.actor, now=now)
        else:
            mine = who.cleaned_data["who"] == WhoFor.ME
            booked = booking.book_first_session(
                hold=held,
                user=user,
                values=details.cleaned_data,
                relationship=None if mine else who.cleaned_data["relationship"],
                by=request.actor,
                now=now,
            )
    except HoldExpired:
        return _ran_out(request, held)
    except UserHasRecord:  # a second window was faster
        return redirect_to(request, reverse("public:confirm", args=[held.service.slug]))
    except (SlotTaken, NotOffered, TooManyBookings) as refusal:
        context["refusal"] = _in_words(refusal)
        return render(request, "public/confirm.html", context, status=409)
    messages.success(request, _("Your session is booked. We have sent you an e-mail with the details."))
    return redirect_to(request, reverse("patient:appointment", args=[booked.code]))


def _in_words(refusal: Exception) -> str:
    """What to tell a person whose held time can't become their booking."""
    match refusal:
        case PatientBusy():
            return _("There is already a session at that time. Please choose another time, or move the other one.")
        case TooManyBookings():
            return _("You have as many sessions booked as can be booked online. Please phone us for more.")
        case NotOffered(reason="first_visit_only"):
            return _("This is for first visits only, and you have been here before. Please choose another service.")
    return _("This time can't be booked any more. Please choose another one.")


def _already_booked(request: HttpRequest, held: Appointment) -> HttpResponse:
    """Back after confirming, or a second click: the booking itself is the answer, to whom it belongs."""
    if request.user.is_authenticated:
        actor = Actor(user=request.user, role=Role.PATIENT)
        if Appointment.objects.visible_to(actor).filter(pk=held.pk).exists():
            return redirect(reverse("patient:appointment", args=[held.code]))
    return redirect_to(request, reverse("public:times", args=[held.service.slug]))


def _ran_out(request: HttpRequest, held: Appointment) -> HttpResponse:
    """The hold is over. Says so, with the nearest times; often the same time is still free, and then it comes first."""
    request.session.pop(HOLD, None)
    now, clinic = timezone.now(), ClinicSettings.current()
    nearest = choosing.nearest_times(
        psychologists=list(Psychologist.objects.taking_bookings().filter(pk=held.psychologist_id)),
        service=held.service,
        around=held.starts_at,
        now=now,
        policy=clinic,
        mode=held.mode,
    )
    context = {"held": held, "service": held.service, "nearest": nearest, "step": 2}
    return render(request, "public/hold_ran_out.html", context, status=409)
