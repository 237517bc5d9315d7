"""The last step of booking: the held time, its price, who it is for, and Confirm."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.appointments.refusals import HoldExpired, NotOffered, PatientBusy, SlotTaken, TooManyBookings
from portal.billing import charges
from portal.clinic import kept
from portal.clinic.models import ClinicSettings, Location, Psychologist
from portal.common.access.actors import Actor
from portal.common.access.decorators import open_to_all
from portal.common.web.htmx import redirect_to
from portal.journeys import booking, choosing
from portal.patients import consents
from portal.patients.forms import BookingDetailsForm
from portal.patients.models import Patient
from portal.patients.refusals import UserHasRecord
from portal.web.public import held_time
from portal.web.public.forms import Agreement, TimeChoice, WhoFor


@open_to_all(reason="shows only the time held in this visitor's own session; confirming asks for a sign-in")
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, service: str) -> HttpResponse:
    """Step three. Signed out, it offers to sign in or up and comes back here; the time stays held meanwhile."""
    offered = next((each for each in kept.services().values() if each.slug == service), None)
    if offered is None:
        raise Http404
    held = held_time.kept(request, offered)
    if held is None:
        messages.info(request, _("Please choose a time first."))
        return redirect_to(request, reverse("public:times", args=[offered.slug]))
    if not held.is_hold:
        return _already_booked(request, held)
    if not request.user.is_authenticated:
        if request.method == "POST":
            return redirect_to(request, reverse("account_login") + f"?next={request.path}")
        if not held.is_held(now=timezone.now()):
            return _ran_out(request, held)
        return render(request, "public/confirm.html", _context(held) | {"step": 3})
    if request.method == "POST":
        return _send(request, request.user, held)
    if not held.is_held(now=timezone.now()):
        return _ran_out(request, held)
    return _form(request, held, *_forms(request.user))


def _send(request: HttpRequest, user: User, held: Appointment) -> HttpResponse:
    """Confirms; or changes to the other time that was pressed on this page. Whatever was typed is kept."""
    if "time" in request.POST:
        form = TimeChoice(request.POST, service=held.service, psychologists=[held.psychologist])
        other = _hold_instead(request, held, *form.cleaned_data["time"]) if form.is_valid() else None
        if other is None:
            return _ran_out(request, held, user=user)
        return _form(request, other, *_forms(user, typed=request.POST))
    if not held.is_held(now=timezone.now()):
        # It ran out while they typed. Mostly nobody else took it, and then it is simply theirs again.
        again = _hold_instead(request, held, held.starts_at, held.location)
        if again is None:
            return _ran_out(request, held, user=user)
        held = again
    return _book(request, user, held)


def _hold_instead(
    request: HttpRequest, held: Appointment, starts_at: datetime, location: Location
) -> Appointment | None:
    """Holds a time with the same psychologist, in place of what was held; None when it can't be had."""
    held_time.release(request)
    if not held_time.within_limit(request):
        return None
    try:
        other = booking.hold_time(
            psychologists=[held.psychologist],
            service=held.service,
            mode=held.mode,
            starts_at=starts_at,
            location=location,
            by=held_time.VISITOR,
            now=timezone.now(),
        )
    except (SlotTaken, NotOffered):
        return None
    held_time.keep(request, other)
    return Appointment.objects.for_listing().get(pk=other.pk)


def _context(held: Appointment) -> dict[str, Any]:
    clinic, now = ClinicSettings.current(), timezone.now()
    free_until = booking.free_until(held, clinic=clinic)
    return {
        "held": held,
        "service": held.service,
        "quote": charges.promised(held, clinic=clinic),
        "seconds_left": max(0, int(((held.held_until or now) - now).total_seconds())),
        "late_fee": charges.late_fee(held, clinic=clinic).amounts.total,
        "free_until": free_until,
        "is_free_over": now > free_until,
        "step": 4,
    }


def _forms(
    user: User, *, data: QueryDict | None = None, typed: QueryDict | None = None
) -> tuple[WhoFor, BookingDetailsForm, Agreement]:
    """The page's three forms: empty, bound to `data`, or showing what was `typed` without judging it yet."""
    today = ClinicSettings.current().today(timezone.now())
    known = sorted(Patient.objects.managed_by(user), key=lambda p: (p.user_id != user.pk, p.pk))
    for patient in known:
        if patient.user_id == user.pk:
            # Known already: what is sent to them is in their account's language.
            patient.user = user
    who = WhoFor(data, user=user, patients=known)
    if typed is not None:
        for name in ("who", "relationship"):
            if name in typed:
                who.fields[name].initial = typed[name]
    chosen = who["who"].value()
    names = {"legal_first_name": user.first_name, "legal_last_name": user.last_name} if chosen == WhoFor.ME else {}
    initial = typed.dict() if typed is not None else names
    # The details of somebody already known are on file: what the hidden part of the page sent is not looked at.
    details = BookingDetailsForm(None if chosen in who.patients else data, today=today, initial=initial)
    return who, details, _agreement(who, today=today, data=data, typed=typed)


def _agreement(who: WhoFor, *, today: date, data: QueryDict | None, typed: QueryDict | None) -> Agreement:
    """Everybody agrees to the policies once. Those who have are not asked, but somebody new on their page is."""
    asked = [each.version for each in consents.asked_for(today=today)]
    left = consents.outstanding(who.patients.values(), today=today)
    chosen = who.patients.get(who["who"].value())
    ticked = {name: True for name in typed or {} if name.startswith("agree_")}
    known = {version.kind for versions in left.values() for version in versions}
    return Agreement(
        data,
        shown=asked,
        needed=left.get(chosen.pk, []) if chosen else asked,
        only_new={version.kind for version in asked} - known,
        initial=ticked,
    )


def _form(
    request: HttpRequest,
    held: Appointment,
    who: WhoFor,
    details: BookingDetailsForm,
    agreement: Agreement,
    *,
    status: int = 200,
    **extra: Any,
) -> HttpResponse:
    context = _context(held) | {"who": who, "details": details, "agreement": agreement} | extra
    return render(request, "public/confirm.html", context, status=status)


def _book(request: HttpRequest, user: User, held: Appointment) -> HttpResponse:
    now = timezone.now()
    by = Actor(user=user, role=Role.PATIENT)
    who, details, agreement = _forms(user, data=request.POST)
    patient = who.patients.get(who["who"].value())
    # Each is asked, so that everything that is missing is said at once.
    if not all([who.is_valid(), patient or details.is_valid(), agreement.is_valid()]):
        return _form(request, held, who, details, agreement, status=422)
    agreed = agreement.agreed
    try:
        if patient:
            booked = booking.book_session(hold=held, patient=patient, agreed=agreed, by=by, now=now)
        else:
            mine = who.cleaned_data["who"] == WhoFor.ME
            booked = booking.book_first_session(
                hold=held,
                user=user,
                values=details.cleaned_data,
                relationship=None if mine else who.cleaned_data["relationship"],
                agreed=agreed,
                by=by,
                now=now,
            )
    except HoldExpired:
        return _ran_out(request, held, user=user)
    except UserHasRecord:  # a second window was faster
        return redirect_to(request, reverse("public:confirm", args=[held.service.slug]))
    except (SlotTaken, NotOffered, TooManyBookings) as refusal:
        return _form(request, held, who, details, agreement, status=409, refusal=_in_words(refusal))
    messages.success(request, _("Your session is booked. We have sent you an e-mail with the details."))
    return redirect_to(request, reverse("patient:appointment", args=[booked.code]))


def _in_words(refusal: Exception) -> str:
    """What to tell a person whose held time can't become their booking."""
    match refusal:
        case PatientBusy():
            return _("There is already a session at that time. Please choose another time, or move the other one.")
        case TooManyBookings():
            return _("You have as many sessions booked as can be booked online. Please phone us for more.")
        case NotOffered(reason="mode"):
            return _("This way of meeting is no longer offered. Please choose another time.")
        case NotOffered(reason="service"):
            return _("This service can't be booked online any more. Please choose another one, or phone us.")
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


def _ran_out(request: HttpRequest, held: Appointment, *, user: User | None = None) -> HttpResponse:
    """The hold is over, the time perhaps somebody else's. Says so, with the nearest times; what `user` typed stays."""
    nearest = choosing.nearest_times(
        psychologists=list(
            Psychologist.objects.taking_bookings().filter(pk=held.psychologist_id).select_related("user")
        ),
        service=held.service,
        around=held.starts_at,
        now=timezone.now(),
        clinic=ClinicSettings.current(),
        mode=held.mode,
    )
    if user is not None:
        forms = _forms(user, typed=request.POST)
        return _form(request, held, *forms, status=409, ran_out=True, nearest=nearest, step=2)
    context = {"held": held, "service": held.service, "nearest": nearest, "step": 2}
    return render(request, "public/hold_ran_out.html", context, status=409)
