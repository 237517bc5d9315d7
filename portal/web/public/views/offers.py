"""A time offered to somebody who waits: what its mailed link opens, signed in or not.

Opening shows, pressing answers: whatever opens links by itself, a mail scanner or a browser that fetches ahead, takes
nothing and gives nothing back.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from portal.appointments import actions, eligibility
from portal.appointments.models import Appointment, Offer, WaitlistEntry
from portal.appointments.refusals import NotOffered, OfferClosed, PatientBusy, Refusal, TooManyBookings
from portal.billing import charges
from portal.billing.actions import deposit_of
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import open_to_all
from portal.common.money import ZERO
from portal.common.web.htmx import redirect_to
from portal.journeys import better_access, changing
from portal.journeys.waitlist import answering, offered
from portal.journeys.waitlist.offered import BY_LINK
from portal.web.public import opened_links
from portal.web.public.forms import OfferAnswer

# What a browser's session calls those whose links it opened.
OPENED = "offers"


@open_to_all(reason="whoever holds the link reads the address it was sent to; it only opens the page of its offer")
@require_safe
@never_cache
def mailed(request: HttpRequest, token: str) -> HttpResponse:
    """Leads on to the offer, at an address without the token."""
    offer = Offer.objects.with_token(token).first()
    if offer is None:
        return render(request, "public/link_closed.html", status=410)
    opened_links.remember(request, OPENED, offer.code)
    return redirect("public:offer", code=offer.code)


@open_to_all(reason="shows the one offer whose mailed link this browser opened; accepting it is what the link is for")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def offer(request: HttpRequest, code: UUID) -> HttpResponse:
    """What is offered, at which price and until when; three buttons, and nothing happens before one is pressed."""
    now = timezone.now()
    asked = _opened(request, code)
    if opened_links.is_for_another(request, asked.entry.patient_id):
        return opened_links.for_another(request)
    if request.method != "POST":
        return _page(request, asked, now=now)
    form = OfferAnswer(request.POST)
    if not form.is_valid():
        return _page(request, asked, now=now, status=422)
    match form.cleaned_data["answer"]:
        case OfferAnswer.YES:
            return _accept(request, asked, form, now=now)
        case OfferAnswer.NO:
            try:
                answering.decline(offer=asked, by=BY_LINK, now=now)
            except OfferClosed as closed:
                # Pressed twice it says the same once more; anything else came first.
                if closed.reason != Offer.Outcome.DECLINED:
                    messages.info(request, _("This offer was over already. Nothing was changed."))
        case OfferAnswer.LEAVE:
            answering.leave(entry=asked.entry, why=WaitlistEntry.Ended.LEFT, by=BY_LINK, now=now)
    return redirect_to(request, "public:offer", code=asked.code)


def _opened(request: HttpRequest, code: UUID) -> Offer:
    """The offer whose link was opened in this browser; a 404 for any other."""
    opened_links.ask_for(request, OPENED, code)
    return get_object_or_404(Offer.objects.for_listing(), code=code)


def _accept(request: HttpRequest, asked: Offer, form: OfferAnswer, *, now: datetime) -> HttpResponse:
    try:
        answering.accept(
            offer=asked,
            instead_of=form.cleaned_data["instead_of"],
            shown=form.cleaned_data["shown"],
            by=BY_LINK,
            now=now,
        )
    except answering.ChangedMeanwhile:
        words = _("Something changed meanwhile, and nothing was booked. Please look again, then decide.")
        return _page(request, asked, now=now, status=409, refusal=words)
    except OfferClosed:
        return _page(request, _opened(request, asked.code), now=now, status=409)
    except Refusal as refusal:
        return _page(request, asked, now=now, status=409, refusal=_in_words(refusal))
    return redirect_to(request, "public:offer", code=asked.code)


def _in_words(refusal: Refusal) -> str:
    match refusal:
        case PatientBusy():
            return _("There is already a session at that time, so this one can't be booked as well. Please phone us.")
        case TooManyBookings():
            return _("You have as many sessions booked as can be booked online. Please phone us for more.")
        case NotOffered(reason=eligibility.FIRST_VISIT_AHEAD):
            return _("Something changed meanwhile, and nothing was booked. Please look again, then decide.")
    return _("This can't be booked online any more. Please phone us.")


def _can_be_beside(asked: Offer, session: Appointment, *, now: datetime) -> bool:
    """Whether the offered session can be booked beside what they have: one first visit is booked at a time."""
    patient = asked.entry.patient
    return actions.refusal_of(hold=session, patient=patient, by=BY_LINK, now=now) is None


def _page(request: HttpRequest, asked: Offer, *, now: datetime, status: int = 200, refusal: str = "") -> HttpResponse:
    context: dict[str, Any] = {"offer": asked, "zone": asked.zone, "refusal": refusal}
    if asked.booked is not None:
        session = Appointment.objects.for_listing().get(pk=asked.booked.pk)
        bill = deposit_of(session)
        context |= {
            "session": session,
            "bill": bill,
            "to_pay": bill.balance if bill else None,
            "deadline": changing.deadline_of(session, now=now, clinic=ClinicSettings.current()),
        }
        return render(request, "public/offer_taken.html", context, status=status)
    if not asked.is_open or asked.is_late(now=now) or not asked.entry.is_waiting:
        is_late = asked.is_open and asked.is_late(now=now)
        context |= {"outcome": Offer.Outcome.EXPIRED if is_late else asked.outcome, "book_url": reverse("public:book")}
        return render(request, "public/offer_over.html", context, status=status)
    clinic = ClinicSettings.current()
    session = offered.session_of(asked)
    quote = charges.promised(session, clinic=clinic)
    swaps = [
        (later, changing.terms_of(offered.as_swapped(later, asked, now=now), now=now, clinic=clinic))
        for later in offered.swaps_of(asked, now=now)
    ]
    only_instead = bool(swaps) and not _can_be_beside(asked, session, now=now)
    # A later session that is moved keeps what was agreed with it.
    ahead = ZERO if only_instead else offered.asked_ahead(asked, clinic=clinic, now=now)
    context |= {
        "session": session,
        "shown": offered.as_shown(asked, clinic=clinic, now=now),
        "quote": quote,
        "ahead": ahead,
        "rest": quote.total - ahead,
        "only_instead": only_instead,
        # What is left of their referral is for who has signed in: the mail said nothing of it, and links are passed on.
        **better_access.beside_price(session, asked.entry.patient if request.user.is_authenticated else None, now=now),
        "terms": changing.terms_of(session, now=now, clinic=clinic),
        "swaps": swaps,
        "is_kept": asked.hold_code is not None,
    }
    return render(request, "public/offer.html", context, status=status)
