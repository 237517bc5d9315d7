"""The link in a reminder: its reader says that they will come, or that they can't, signed in or not.

Opening shows, pressing answers: a mail scanner, or a browser that fetches ahead, says nothing in anybody's name.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts.roles import Role
from portal.appointments import actions
from portal.appointments.forms import FeeShown, SeenForm
from portal.appointments.models import Appointment, CancelReason, Reminder
from portal.appointments.refusals import NotCancellable, WrongState
from portal.billing import charges
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.access.decorators import open_to_all
from portal.common.languages.times import when
from portal.common.web.htmx import redirect_to
from portal.journeys import booking, changing
from portal.web.public import opened_links

# What a browser's session calls the reminders whose links it opened.
OPENED = "answers"
# Whoever holds the link acts as the patient: it was sent to nobody else.
BY_LINK = Actor(user=None, role=Role.PATIENT, name="link in a reminder")


@open_to_all(reason="whoever holds the link reads the address it was sent to; it only opens the page of its session")
@require_safe
@never_cache
def mailed(request: HttpRequest, token: str, leads_to: str = "public:answer") -> HttpResponse:
    """Leads on to the session, or to cancelling it, at an address without the token."""
    reminder = Reminder.objects.with_token(token).first()
    if reminder is None:
        return render(request, "public/link_closed.html", status=410)
    opened_links.remember(request, OPENED, reminder.code)
    return redirect(leads_to, code=reminder.code)


@open_to_all(reason="shows the one session whose mailed link this browser opened; answering is what the link is for")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def answer(request: HttpRequest, code: UUID) -> HttpResponse:
    """When and where, until when it can be cancelled for nothing, and two buttons. Nothing happens before a press."""
    now = timezone.now()
    reminder, session = _opened(request, code)
    if opened_links.is_for_another(request, session.patient_id):
        return opened_links.for_another(request)
    if request.method != "POST":
        return _page(request, reminder, session, now=now)
    try:
        actions.say_yes(appointment=session, starts_at=reminder.starts_at, by=BY_LINK, now=now)
    except WrongState:
        return _page(request, *_opened(request, code), now=now, status=409)
    return redirect_to(request, "public:answer", code=code)


@open_to_all(
    reason="cancels the one session whose mailed link this browser opened, after a page that says what it costs"
)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def cancel(request: HttpRequest, code: UUID) -> HttpResponse:
    """Asks once, with the fee if there is one, then cancels."""
    now = timezone.now()
    reminder, session = _opened(request, code)
    if opened_links.is_for_another(request, session.patient_id):
        return opened_links.for_another(request)
    if not _stands(reminder, session, now=now):
        return redirect_to(request, "public:answer", code=code)
    fee = booking.cancelling_costs(session, now=now, clinic=ClinicSettings.current())
    if request.method != "POST":
        return render(request, "public/answer_cancel.html", {**_facts(reminder, session, now=now), "fee_now": fee})
    if fee > FeeShown.read(request.POST):
        words = _("The free time is over by now, so nothing was cancelled. Please look at the fee, then decide.")
        messages.warning(request, words)
        return redirect_to(request, "public:answer_cancel", code=code)
    try:
        booking.cancel_session(
            appointment=session,
            reason=CancelReason.PATIENT,
            by=BY_LINK,
            now=now,
            seen=SeenForm.read(request.POST),
        )
    except NotCancellable:
        messages.warning(request, _("Something changed meanwhile, and nothing was done. Please look again."))
    else:
        done = _("Your session is cancelled: %(when)s.") % {"when": when(session.starts_at, session.zone)}
        messages.success(request, done)
    return redirect_to(request, "public:answer", code=code)


def _opened(request: HttpRequest, code: UUID) -> tuple[Reminder, Appointment]:
    """The reminder whose link was opened in this browser, with its session as it stands; a 404 for any other."""
    opened_links.ask_for(request, OPENED, code)
    reminder = get_object_or_404(Reminder, code=code)
    return reminder, get_object_or_404(Appointment.objects.for_listing(), pk=reminder.session_id)


def _stands(reminder: Reminder, session: Appointment, *, now: datetime) -> bool:
    """Whether it is still about what it asked: booked, at that time, and to come."""
    return session.is_booked and session.starts_at == reminder.starts_at and session.starts_at > now


def _facts(reminder: Reminder, session: Appointment, *, now: datetime) -> dict[str, Any]:
    clinic = ClinicSettings.current()
    return {
        "reminder": reminder,
        "appointment": session,
        "stands": _stands(reminder, session, now=now),
        "is_past": reminder.starts_at <= now,
        "terms": changing.terms_of(session, now=now, clinic=clinic),
        "free_until": booking.free_until(session, clinic=clinic),
        "late_fee": charges.late_fee(session, clinic=clinic).amounts.total,
    }


def _page(
    request: HttpRequest, reminder: Reminder, session: Appointment, *, now: datetime, status: int = 200
) -> HttpResponse:
    return render(request, "public/answer.html", _facts(reminder, session, now=now), status=status)
