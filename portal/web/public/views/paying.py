"""Back from Stripe's page: led to the bill that was paid, which shows the payment by itself."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django_q.tasks import async_task

from portal.billing.models import AttemptStatus, BillLink, PaymentAttempt
from portal.common.access.decorators import open_to_all
from portal.web.public.views.bill import OPENED


@open_to_all(reason="shows nothing: it leads on to a page that asks who wants to see it")
@require_safe
def back(request: HttpRequest, code: UUID) -> HttpResponse:
    """Has Stripe asked at once, whether or not its message comes, and leads on."""
    attempt = get_object_or_404(PaymentAttempt.objects.select_related("invoice", "booking__service"), code=code)
    stopped = "stopped" in request.GET
    if attempt.status == AttemptStatus.OPEN and not stopped:
        async_task("portal.journeys.online.tasks.look_at_attempt", attempt.pk)
    if attempt.invoice is None:
        if stopped:
            messages.info(request, _("You stopped before paying. Nothing was taken from your card."))
            return redirect("public:confirm", service=attempt.booking.service.slug)
        return redirect("patient:paying", code=attempt.code)
    word = "stopped" if stopped else "paying"
    page = _bill(request, attempt) or reverse("patient:invoice", args=[attempt.invoice.number])
    return redirect(f"{page}?{word}={attempt.code}")


def _bill(request: HttpRequest, attempt: PaymentAttempt) -> str:
    """The bill's own page, where this browser opened it by its mailed link; empty where it did not."""
    opened = [code for code in request.session.get(OPENED, []) if isinstance(code, str)]
    link = BillLink.objects.filter(invoice=attempt.invoice, code__in=opened).first() if opened else None
    return reverse("public:bill", args=[link.code]) if link else ""
