"""One bill, by the link that was mailed with it: the amount, and paying it. No sign-in, and no more is shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from portal.billing import transfers
from portal.billing.models import BillLink, InvoiceStatus, PaymentAttempt
from portal.billing.models.online import attempt_of
from portal.billing.online.attempts import Underway
from portal.billing.online.client import NotConfigured, OnlineRefused, is_demo, is_on
from portal.billing.refusals import NotPayable
from portal.clinic.models import ClinicSettings
from portal.common.access import limits
from portal.common.access.actors import Actor
from portal.common.access.decorators import open_to_all
from portal.common.money import ZERO
from portal.common.web import polling
from portal.common.web.htmx import page_or_fragment, redirect_to
from portal.journeys.online import arriving
from portal.web.public import opened_links

# What a browser's session calls the bills whose links it opened.
OPENED = "bills"
BY_LINK = Actor.system("link of a bill")
# Of one address, in ten minutes: nobody opens as many bills, and nobody guesses a token of 256 bits by them.
MOST, WITHIN = 60, 600


@open_to_all(reason="whoever holds the link reads the address it was sent to; it only opens the page of its bill")
@require_safe
@never_cache
def mailed(request: HttpRequest, token: str) -> HttpResponse:
    """Leads on to the bill, at an address without the token."""
    if not limits.within("bill", who=get_adapter(request).get_client_ip(request), most=MOST, seconds=WITHIN):
        return render(request, "public/bill_closed.html", {"too_often": True}, status=429)
    link = BillLink.objects.in_force(now=timezone.now()).with_token(token).first()
    if link is None:
        return render(request, "public/bill_closed.html", status=410)
    opened_links.remember(request, OPENED, link.code)
    return redirect("public:bill", code=link.code)


@open_to_all(reason="shows the one bill whose mailed link this browser opened; paying it is what the link is for")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def bill(request: HttpRequest, code: UUID) -> HttpResponse:
    """What is to be paid, to whom, until when; nothing of what it is for, nor of whom it is about."""
    now = timezone.now()
    opened_links.ask_for(request, OPENED, code)
    link = BillLink.objects.select_related("invoice").filter(code=code).first()
    if link is None:
        raise Http404
    if not link.is_in_force(now=now) or link.invoice.status != InvoiceStatus.ISSUED:
        # Whoever paid is told what became of their money, and no more.
        if request.method != "POST" and (attempt := attempt_of(link.invoice, request.GET.get("paying", ""))):
            return _back(request, link, attempt, now=now)
        return render(request, "public/bill_closed.html", status=410)
    if request.method == "POST":
        return _pay(request, link, now=now)
    return _show(request, link, now=now)


def _show(request: HttpRequest, link: BillLink, *, now: datetime) -> HttpResponse:
    invoice, clinic = link.invoice, ClinicSettings.current()
    attempt = attempt_of(invoice, request.GET.get("paying", ""))
    waits_for = attempt is not None and attempt.is_waited_for(now=now)
    known = polling.fingerprint(request, invoice.seen_as, attempt and (attempt.status, attempt.odd), waits_for)
    if polling.is_poll(request) and polling.still_shows(request, known):
        return polling.not_modified(known)
    context: dict[str, Any] = {
        "link": link,
        "invoice": invoice,
        "badge": invoice.badge(today=clinic.today(now)),
        "attempt": attempt,
        "waits_for": waits_for,
        "known": known,
        "goes_back": attempt.goes_back if attempt else ZERO,
        "stopped": "stopped" in request.GET,
        "begun": invoice.attempts.open().exists(),
        "online": is_on(),
        "online_demo": is_demo(),
        "pay_to": transfers.pay_to(invoice, clinic=clinic),
        "pay_url": reverse("public:bill", args=[link.code]),
    }
    return page_or_fragment(request, "public/bill.html", context, fragment="bill")


def _back(request: HttpRequest, link: BillLink, attempt: PaymentAttempt, *, now: datetime) -> HttpResponse:
    waits_for = attempt.is_waited_for(now=now)
    known = polling.fingerprint(request, link.invoice.seen_as, attempt.status, attempt.odd, waits_for)
    if polling.is_poll(request) and polling.still_shows(request, known):
        return polling.not_modified(known)
    context: dict[str, Any] = {
        "invoice": link.invoice,
        "attempt": attempt,
        "waits_for": waits_for,
        "known": known,
        "goes_back": attempt.goes_back,
    }
    return page_or_fragment(request, "public/bill_back.html", context, fragment="bill")


def _pay(request: HttpRequest, link: BillLink, *, now: datetime) -> HttpResponse:
    if not limits.within("bill-pay", who=str(link.code), most=20, seconds=WITHIN):
        return render(request, "public/bill_closed.html", {"too_often": True}, status=429)
    try:
        attempt = arriving.begin(
            invoice=link.invoice,
            came_by=PaymentAttempt.CameBy.MAIL,
            language=get_language() or "en-au",
            by=BY_LINK,
            now=now,
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
    return redirect_to(request, "public:bill", code=link.code)
