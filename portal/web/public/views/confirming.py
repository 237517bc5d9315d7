"""The last step of booking: the held time, its price, who it is for, and Confirm."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.accounts.kept_forms import keeping
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.appointments import actions
from portal.appointments.models import Appointment
from portal.appointments.refusals import HoldExpired, NotOffered, PatientBusy, SlotTaken, TooManyBookings
from portal.billing import charges
from portal.billing.online.attempts import Underway
from portal.billing.online.cards import OtherWords
from portal.billing.online.client import OnlineRefused, is_demo
from portal.clinic import kept
from portal.clinic.booking_rules import rules_of
from portal.clinic.models import ClinicSettings, Service
from portal.common.access.actors import Actor
from portal.common.access.decorators import open_to_all
from portal.common.languages.times import when
from portal.common.web.htmx import redirect_to
from portal.journeys import (
    better_access,
    booking,
    changing,
    choosing,
    newcomers,
    own_sessions,
    returning,
    told,
    who_books,
)
from portal.journeys.newcomers import AskedWho
from portal.journeys.online import ahead, arriving, cards
from portal.patients.models import Patient
from portal.patients.refusals import UserHasRecord
from portal.web.public import held_time
from portal.web.public.forms import KeepCard, Shown
from portal.web.public.held_time import Chosen
from portal.web.public.refused import in_words


@open_to_all(reason="shows only the time held in this visitor's own session; confirming asks for a sign-in")
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, service: str) -> HttpResponse:
    """Step three. Signed out, it offers to sign in or up and comes back here; the time stays held meanwhile."""
    offered = next((each for each in kept.services().values() if each.slug == service), None)
    if offered is None:
        raise Http404
    now = timezone.now()
    held = held_time.kept(request, now=now)
    if request.method == "POST" and request.user.is_authenticated:
        return _send(request, request.user, offered, held, now=now)
    if request.method == "POST":
        # What their session held went with it: after signing in, what was typed tells which time it was.
        return redirect_to(request, reverse("account_login") + f"?next={request.path}")
    typed = keeping.typed_at(request, now=now)
    if held is None and typed is not None:
        held = _held_before(request, offered, typed, now=now)
    if held is None:
        return _nothing_held(request, offered)
    if not held.is_hold:
        return _already_booked(request, held)
    if held.service_id != offered.pk:
        messages.info(request, _("This is the time that you hold now. The one before it was given back."))
        return redirect(_address(held))
    if not held.is_held(now=now):
        return _ran_out(request, held, user=_account(request), typed=typed, now=now)
    if not request.user.is_authenticated:
        return render(request, "public/confirm.html", _context(held, now=now) | {"step": 3})
    asked = _forms(request.user, held, now=now)
    # What would be refused at the end is said at once.
    patient = asked.who.chosen
    by = Actor(user=request.user, role=Role.PATIENT)
    if patient:
        refused = actions.refusal_of(hold=held, patient=patient, by=by, now=now)
    else:
        barred = who_books.barred(held.service, user=request.user, clinic=ClinicSettings.current(), now=now)
        refused = NotOffered(barred) if barred else None
    return _form(request, held, asked, now=now, **_refused(request, request.user, refused, held, patient, now=now))


def _account(request: HttpRequest) -> User | None:
    return request.user if request.user.is_authenticated else None


def _address(held: Appointment) -> str:
    return reverse("public:confirm", args=[held.service.slug])


def _nothing_held(request: HttpRequest, service: Service) -> HttpResponse:
    messages.info(request, _("Please choose a time first."))
    return redirect_to(request, reverse("public:times", args=[service.slug]))


def _held_before(request: HttpRequest, service: Service, typed: QueryDict, *, now: datetime) -> Appointment | None:
    """What they held when their session ended in the middle: theirs again, or run out if it can't be had any more."""
    shown = Shown.read(typed, service=service)
    held = held_time.take_up(request, code=shown.code, chosen=shown.chosen, now=now)
    return (
        held
        or _hold_instead(request, shown.chosen, now=now)
        or held_time.as_chosen(shown.chosen, user=_account(request), now=now)
    )


def _send(
    request: HttpRequest, user: User, service: Service, held: Appointment | None, *, now: datetime
) -> HttpResponse:
    """Confirms what this page showed, if that is what is held; or takes the time that was pressed on it instead.

    Whatever was typed is kept.
    """
    shown = Shown.read(request.POST, service=service)
    if shown.again:
        other = _hold_instead(request, shown.again, now=now)
        if other is None:
            lost = held_time.as_chosen(shown.again, user=user, now=now) or held
            return _ran_out(request, lost, user=user, now=now) if lost else _nothing_held(request, service)
        return _form(request, other, _forms(user, other, typed=request.POST, now=now), now=now)
    if held is None:
        # It was let go, or given back for a session of their own: now somebody else is to have it.
        held = _hold_instead(request, shown.chosen, now=now)
    if held is None:
        return _nothing_held(request, service)
    if not held.is_hold:
        return _already_booked(request, held, was_shown=shown.code == held.code or shown.chosen == Chosen.of(held))
    if not held.is_held(now=now):
        # It ran out while they typed. Mostly nobody else took it, and then it is simply theirs again.
        again = _hold_instead(request, shown.chosen, now=now)
        if again is None:
            return _ran_out(request, held_time.as_chosen(shown.chosen, user=user, now=now) or held, user=user, now=now)
        held = again
    if shown.word != booking.as_shown(held, clinic=ClinicSettings.current()):
        return _not_as_shown(request, user, shown, held, now=now)
    return _book(request, user, held, now=now)


def _hold_instead(request: HttpRequest, chosen: Chosen, *, now: datetime) -> Appointment | None:
    """Holds what was chosen, in place of what was held; None when it can't be had."""
    wanted = held_time.as_chosen(chosen, user=_account(request), now=now)
    if wanted is None:
        return None
    try:
        return held_time.take(
            request,
            psychologists=[wanted.psychologist],
            service=wanted.service,
            mode=wanted.mode,
            starts_at=wanted.starts_at,
            location=wanted.location,
            now=now,
        )
    except (held_time.TooOften, held_time.TooManyHeld, SlotTaken, NotOffered):
        return None


def _not_as_shown(request: HttpRequest, user: User, shown: Shown, held: Appointment, *, now: datetime) -> HttpResponse:
    """Another window chose another time, or the price or the terms changed: books nothing, and shows both."""
    own = Appointment.objects.visible_to(Actor(user=user, role=Role.PATIENT))
    if shown.code and (booked := own.filter(code=shown.code).first()):
        return redirect_to(request, reverse("patient:appointment", args=[booked.code]))
    differs = shown.chosen != Chosen.of(held)
    other = held_time.as_chosen(shown.chosen, user=user, now=now) if differs else None
    extra: dict[str, Any] = {
        "changed": True,
        "choice_differs": differs,
        "other": other,
        "other_word": shown.chosen.word,
    }
    return _form(request, held, _forms(user, held, typed=request.POST, now=now), now=now, status=409, **extra)


def _context(held: Appointment, *, now: datetime) -> dict[str, Any]:
    clinic = ClinicSettings.current()
    return {
        "held": held,
        "rules": (rules := rules_of(held.service, clinic=clinic)),
        "answer_by": rules.answer_by(held.starts_at, now=now),
        # What the page's form sends back, so that it confirms what it showed and nothing else.
        "chosen": Chosen.of(held).word,
        "as_shown": booking.as_shown(held, clinic=clinic),
        "service": held.service,
        "week": f"{choosing.monday_of(held.local_start.date()):%Y-%m-%d}",
        "quote": charges.promised(held, clinic=clinic),
        "seconds_left": max(0, int(((held.held_until or now) - now).total_seconds())),
        "terms": changing.terms_of(held, now=now, clinic=clinic, is_asked=rules.is_on_request),
        "step": 4,
    }


def _forms(
    user: User, held: Appointment, *, now: datetime, data: QueryDict | None = None, typed: QueryDict | None = None
) -> AskedWho:
    """Who it is for, for the time that is held."""
    clinic = ClinicSettings.current()
    takes_new = who_books.takes_somebody_new(held.service, clinic=clinic)
    return newcomers.ask_who(user, today=clinic.today(now), takes_new=takes_new, data=data, typed=typed)


def _form(
    request: HttpRequest,
    held: Appointment,
    asked: AskedWho,
    *,
    now: datetime,
    status: int = 200,
    **extra: Any,
) -> HttpResponse:
    forms: dict[str, Any] = asked.named | {"forms": asked.as_list, "mistaken": asked.mistaken}
    context = _context(held, now=now) | forms | better_access.beside_price(held, asked.who.chosen, now=now) | extra
    clinic = ClinicSettings.current()
    context["ahead"] = (first := ahead.asked(held, patient=asked.who.chosen, clinic=clinic, now=now))
    context["rest"] = charges.price_of(held, clinic=clinic) - first
    context["online_demo"] = is_demo()
    if cards.is_offered(held, patient=asked.who.chosen):
        context["card"] = KeepCard(request.POST if request.method == "POST" else None)
    return render(request, "public/confirm.html", context, status=status)


def _book(request: HttpRequest, user: User, held: Appointment, *, now: datetime) -> HttpResponse:
    by = Actor(user=user, role=Role.PATIENT)
    asked = _forms(user, held, data=request.POST, now=now)
    if not asked.are_valid():
        return _form(request, held, asked, now=now, status=422)
    patient, agreed = asked.who.chosen, asked.agreement.agreed
    relationship, details = asked.who.cares_as, asked.details
    if patient is None:
        answer = request.POST.get("known", "")
        patient, is_known = newcomers.known_before(asked, answer=answer, user=user, by=by, now=now)
        if is_known:
            return _form(request, held, asked, now=now, status=409, is_known=True)
        if patient is not None:
            # Theirs from now on, whatever becomes of the session: the page names them.
            asked = _forms(user, held, now=now)
    if amount := ahead.asked(held, patient=patient, clinic=ClinicSettings.current(), now=now):
        if request.POST.get("ahead") != str(amount):
            return _form(request, held, asked, now=now, status=409, pays_ahead=True)
        return _pay_ahead(request, user, held, patient, asked, amount, now=now)
    try:
        if patient:
            booked = booking.book_session(hold=held, patient=patient, agreed=agreed, by=by, now=now)
        else:
            booked = booking.book_first_session(
                hold=held,
                user=user,
                values=details.cleaned_data,
                relationship=relationship,
                agreed=agreed,
                by=by,
                now=now,
            )
    except HoldExpired:
        return _ran_out(request, held, user=user, now=now)
    except UserHasRecord:  # a second window was faster
        return redirect_to(request, reverse("public:confirm", args=[held.service.slug]))
    except (SlotTaken, NotOffered, TooManyBookings) as refusal:
        refused = _refused(request, user, refusal, held, patient, now=now)
        return _form(request, held, asked, now=now, status=409, **refused)
    held_time.booked(request)
    to_card = _card_page(request, booked, by=by, now=now)
    done = _("Your request is sent: %(when)s.") if booked.is_request else _("Your session is booked: %(when)s.")
    done %= {"when": when(booked.starts_at, booked.zone)}
    messages.success(request, told.with_message(done, booked, by=by, now=now))
    return redirect_to(request, to_card or reverse("patient:appointment", args=[booked.code]))


def _card_page(request: HttpRequest, booked: Appointment, *, by: Actor, now: datetime) -> str:
    """Where a card is put on file, once somebody agreed to that and has the session; empty where nobody did."""
    if not (agreed := KeepCard(request.POST).agreed) or not cards.is_offered(booked, patient=booked.person):
        return ""
    try:
        language = get_language() or "en-au"
        return cards.begin(patient=booked.person, agreed=agreed, language=language, by=by, now=now).url
    except (OtherWords, OnlineRefused):
        messages.info(request, _("No card was saved just now. You can add one under Invoices, Cards on file."))
        return ""


def _pay_ahead(
    request: HttpRequest,
    user: User,
    held: Appointment,
    patient: Patient | None,
    asked: AskedWho,
    amount: Decimal,
    *,
    now: datetime,
) -> HttpResponse:
    """Keeps the time and leads to Stripe's page; the session is booked once the money is here."""
    by = Actor(user=user, role=Role.PATIENT)
    try:
        if patient is None:
            patient = newcomers.register(
                user=user, values=asked.details.cleaned_data, relationship=asked.who.cares_as, by=by, now=now
            )
        attempt = ahead.begin(
            hold=held,
            patient=patient,
            agreed=asked.agreement.agreed,
            amount=amount,
            language=get_language() or "en-au",
            by=by,
            now=now,
            look=partial(arriving.look, now=now),
            keeps_card=(keeps := KeepCard(request.POST).agreed),
        )
    except OtherWords:
        messages.info(request, _("The words to agree to have changed since this page was opened. Please read them."))
        return redirect_to(request, reverse("public:confirm", args=[held.service.slug]))
    except HoldExpired:
        return _ran_out(request, held, user=user, now=now)
    except UserHasRecord:  # a second window was faster
        return redirect_to(request, reverse("public:confirm", args=[held.service.slug]))
    except (SlotTaken, NotOffered, TooManyBookings) as refusal:
        refused = _refused(request, user, refusal, held, patient, now=now)
        return _form(request, held, asked, now=now, status=409, **refused)
    except Underway:
        messages.info(request, _("A payment for this time is on its way. Look again in a few minutes."))
        return redirect_to(request, reverse("public:confirm", args=[held.service.slug]))
    except OnlineRefused:
        messages.error(
            request, _("The payment page can't be reached at the moment. Nothing was paid: please try later.")
        )
        return redirect_to(request, reverse("public:confirm", args=[held.service.slug]))
    if keeps and not ahead.keeps(attempt):
        messages.info(request, _("No card was saved just now. You can add one under Invoices, Cards on file."))
    held_time.kept_until(request, attempt.expires_at + ahead.AFTER)
    return redirect_to(request, attempt.url)


def _refused(
    request: HttpRequest,
    user: User,
    refusal: Exception | None,
    held: Appointment,
    patient: Patient | None,
    *,
    now: datetime,
) -> dict[str, Any]:
    """Why it can't be booked, for the page; for who has been here before, what is for them, at this time if it fits.

    Where everybody of this account has a session then, the time is kept from nobody else.
    """
    if refusal is None:
        return {}
    instead: list[tuple[Service, str]] = []
    if isinstance(refusal, NotOffered) and refusal.reason == "first_visit_only":
        chosen = Chosen.of(held)
        for service, fits in returning.services_instead(held, now=now, clinic=ClinicSettings.current()):
            instead.append((service, chosen.word if fits else ""))
    is_full = isinstance(refusal, TooManyBookings)
    own = own_sessions.in_the_way(refusal, held, patient, now=now) if patient else None
    met = isinstance(refusal, PatientBusy) and own_sessions.of_account(user, now=now).meeting(
        held.starts_at, held.ends_at
    )
    is_let_go = bool(met) and held_time.let_go(request, code=held.code, now=now)
    return {"refusal": in_words(refusal, patient, own), "instead": instead, "is_full": is_full, "own": own} | {
        "is_let_go": is_let_go
    }


def _already_booked(request: HttpRequest, held: Appointment, *, was_shown: bool = True) -> HttpResponse:
    """Back after confirming, or a second click: the booking itself is the answer, to whom it belongs."""
    if request.user.is_authenticated:
        actor = Actor(user=request.user, role=Role.PATIENT)
        if Appointment.objects.visible_to(actor).filter(pk=held.pk).exists():
            if not was_shown:
                words = _(
                    "Meanwhile you booked this session, so nothing more was booked. For another one, choose a time."
                )
                messages.warning(request, words)
            return redirect(reverse("patient:appointment", args=[held.code]))
    return redirect_to(request, reverse("public:times", args=[held.service.slug]))


def _ran_out(
    request: HttpRequest, held: Appointment, *, user: User | None = None, typed: QueryDict | None = None, now: datetime
) -> HttpResponse:
    """The hold is over, the time perhaps somebody else's. Says so, with the nearest times; what `user` typed stays."""
    able = returning.taking_bookings(held.service, user=_account(request))
    nearest = choosing.nearest_times(
        psychologists=[p for p in able if p.pk == held.psychologist_id],
        service=held.service,
        around=held.starts_at,
        now=now,
        clinic=ClinicSettings.current(),
        mode=held.mode,
    )
    if user is not None:
        asked, chosen = _forms(user, held, typed=request.POST if typed is None else typed, now=now), Chosen.of(held)
        words = [(free, chosen._replace(time=free.value).word) for free in nearest]
        return _form(request, held, asked, now=now, status=409, ran_out=True, nearest=words, step=2)
    held_at = choosing.FreeTime(held.starts_at, held.ends_at, held.location, mode=held.mode)
    context = {
        "held": held,
        "service": held.service,
        "nearest": nearest,
        "in_several_places": len({free.where for free in [held_at, *nearest]}) > 1,
        "step": 2,
    }
    return render(request, "public/hold_ran_out.html", context, status=409)
