"""Paying an invoice by card: to Stripe's own page, and back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.accounts.roles import Role
from portal.billing.models import Invoice, PaymentAttempt
from portal.billing.online.attempts import Underway
from portal.billing.online.client import NotConfigured, OnlineRefused
from portal.billing.refusals import NotPayable
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.htmx import redirect_to
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
