"""Other times for a session that can't be held as it is booked: what their mailed link opens, signed in or not.

Opening shows, pressing chooses: whatever opens links by itself, a mail scanner or a browser that fetches ahead, moves
nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, MoveOffer
from portal.appointments.refusals import OfferClosed, PatientBusy, Refusal
from portal.billing import charges
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.access.decorators import open_to_all
from portal.common.money import ZERO
from portal.journeys import changing, choosing
from portal.journeys.rearranging import offering
from portal.web.public import opened_links

# What a browser's session calls those whose links it opened.
OPENED = "other_times"


@open_to_all(reason="whoever holds the link reads the address it was sent to; it only opens the page of its times")
@require_safe
@never_cache
def mailed(request: HttpRequest, token: str) -> HttpResponse:
    """Leads on to the times, at an address without the token."""
    offer = MoveOffer.objects.with_token(token).first()
    if offer is None:
        return render(request, "public/link_closed.html", status=410)
    opened_links.remember(request, OPENED, offer.code)
    return redirect("public:other_times", code=offer.code)


@open_to_all(reason="shows the one offer whose mailed link this browser opened; choosing is what the link is for")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def other_times(request: HttpRequest, code: UUID) -> HttpResponse:
    """The session as it is booked and the times that it could have; a press moves it."""
    now = timezone.now()
    offer = _opened(request, code)
    if opened_links.is_for_another(request, offer.session.patient_id):
        return opened_links.for_another(request)
    if request.method != "POST":
        return _page(request, offer, now=now)
    try:
        starts_at, location = choosing.read_time(request.POST.get("time", "")[:200])
        offering.choose(offer, starts_at=starts_at, location=location, now=now)
    except ValueError:
        return _page(request, offer, refusal=_("Choose one of the times shown."), now=now, status=422)
    except OfferClosed:
        closed = _opened(request, code)
        # Two who care for somebody, or two windows: whoever came second is told that theirs was not taken.
        words = _("Your choice wasn't taken: another time had been chosen before.")
        refusal = words if closed.outcome == MoveOffer.Outcome.CHOSEN else ""
        return _page(request, closed, refusal=refusal, now=now, status=409)
    except PatientBusy:
        words = _("There is already a session at that time. Please choose another one.")
        return _page(request, offer, refusal=words, now=now, status=409)
    except Refusal:
        words = _("That time was taken meanwhile, and nothing was changed. Please choose another one.")
        return _page(request, offer, refusal=words, now=now, status=409)
    return redirect("public:other_times", code=offer.code)


def _opened(request: HttpRequest, code: UUID) -> MoveOffer:
    """The offer whose link was opened in this browser; a 404 for any other."""
    opened_links.ask_for(request, OPENED, code)
    return get_object_or_404(MoveOffer.objects.select_related("session"), code=code)


def _page(
    request: HttpRequest, offer: MoveOffer, *, now: datetime, refusal: str = "", status: int = 200
) -> HttpResponse:
    session = Appointment.objects.for_listing().get(pk=offer.session_id)
    context: dict[str, Any] = {"session": session, "zone": session.zone, "offer": offer, "refusal": refusal}
    is_open = offer.is_answerable(session, now=now)
    clinic = ClinicSettings.current()
    if is_open:
        context |= _choices(offer, session, now=now, clinic=clinic)
    # When and with whom it is since is for those who may see it; who chose sees what they chose.
    is_chosen = offer.outcome == MoveOffer.Outcome.CHOSEN and session.revision == offer.revision + 1
    context |= {"is_open": is_open, "is_chosen": is_chosen and session.is_open}
    if not is_open and not context["is_chosen"]:
        context |= {"became": offering.became(offer, session, now=now), "may_see": _may_see(request, session)}
    if is_chosen:
        context["deadline"] = changing.deadline_of(session, now=now, clinic=clinic)
    return render(request, "public/other_times.html", context, status=status)


def _choices(offer: MoveOffer, session: Appointment, *, now: datetime, clinic: ClinicSettings) -> dict[str, Any]:
    """The times, until when each could be cancelled for nothing if it were taken now, and what both cost."""
    choices = []
    for choice in offering.choices(offer, session, now=now, clinic=clinic):
        chosen = None if choice.is_gone else offering.as_chosen(session, choice.free, now=now)
        choices.append((choice, chosen and changing.deadline_of(chosen, now=now, clinic=clinic)))
    each = changing.terms_of_each(session, clinic=clinic)
    ends = any(deadline and not deadline.is_start for _choice, deadline in choices)
    return {
        "choices": choices,
        "quote": charges.promised(session, clinic=clinic),
        "late_fee": each.late_fee if ends else ZERO,
        "near_hours": each.near_hours,
        "near_fee": each.near_fee,
    }


def _may_see(request: HttpRequest, session: Appointment) -> bool:
    """Whether whoever is signed in here has a page of the session."""
    if not request.user.is_authenticated:
        return False
    actor = Actor(user=request.user, role=Role.PATIENT)
    return Appointment.objects.visible_to(actor).filter(pk=session.pk).exists()
