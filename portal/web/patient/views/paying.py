"""Paying an invoice by card: to Stripe's own page, and back."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.roles import Role
from portal.billing.models import Invoice, PaymentAttempt
from portal.billing.online.attempts import Underway
from portal.billing.online.client import NotConfigured, OnlineRefused
from portal.billing.refusals import NotPayable
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web import polling
from portal.common.web.htmx import page_or_fragment, redirect_to
from portal.journeys import changing
from portal.journeys.online import arriving


@allow(Role.PATIENT)
@require_POST
def pay(request: ActorRequest, number: str) -> HttpResponse:
    """Leads to Stripe's page; a second click, or another window, is led to the same one."""
    invoice = get_object_or_404(Invoice.objects.visible_to(request.actor).filter(payer=None), number=number)
    try:
        attempt = arriving.begin(
            invoice=invoice,
            came_by=PaymentAttempt.CameBy.PORTAL,
            language=get_language() or "en-au",
            by=request.actor,
            now=timezone.now(),
        )
    except NotPayable:
        messages.info(request, _("Nothing is left to pay on this invoice."))
    except Underway:
        messages.info(request, _("A payment of this invoice is on its way. Look again in a few minutes."))
    except NotConfigured:
        messages.info(request, _("Please pay at the desk: we take no cards online."))
    except OnlineRefused:
        messages.error(
            request, _("The payment page can't be reached at the moment. Nothing was paid: please try later.")
        )
    else:
        return redirect_to(request, attempt.url)
    return redirect_to(request, "patient:invoice", number=invoice.number)


_OF_A_BOOKING = ("service", "location", "appointment")


@allow(Role.PATIENT)
@require_safe
def paying(request: ActorRequest, code: UUID) -> HttpResponse:
    """Back from paying for a session: the page asks by itself until it is booked."""
    now = timezone.now()
    attempt = get_object_or_404(
        PaymentAttempt.objects.select_related("payment", *(f"booking__{part}" for part in _OF_A_BOOKING)),
        code=code,
        created_by=request.actor.person,
        invoice=None,
    )
    wanted, waits_for = attempt.booking, attempt.is_waited_for(now=now)
    known = polling.fingerprint(request, attempt.status, attempt.odd, waits_for)
    if polling.is_poll(request) and polling.still_shows(request, known):
        return polling.not_modified(known)
    context = {
        "attempt": attempt,
        "booking": wanted,
        "session": wanted.appointment,
        "zone": wanted.location.zone,
        "deadline": wanted.appointment
        and changing.deadline_of(wanted.appointment, now=now, clinic=ClinicSettings.current()),
        "waits_for": waits_for,
        "known": known,
    }
    return page_or_fragment(request, "patient/paying.html", context, fragment="bill")
