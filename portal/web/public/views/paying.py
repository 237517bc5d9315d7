"""Back from Stripe's page: who may see it is led to the bill that was paid, which shows the payment by itself."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django_q.tasks import async_task

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.billing.models import AttemptStatus, BillLink, Invoice, PaymentAttempt
from portal.common.access.actors import Actor
from portal.common.access.decorators import open_to_all, to_sign_in
from portal.web.public.views.bill import OPENED


@open_to_all(reason="shows nothing: it leads on who may see the bill, and asks everybody else to sign in")
@require_safe
def back(request: HttpRequest, code: UUID) -> HttpResponse:
    """Has Stripe asked at once, whether or not its message comes, and leads on whoever may see what is paid.

    An address names a bill: who has signed in is asked before one is led there, not by the page that is found.
    """
    attempt = get_object_or_404(PaymentAttempt.objects.select_related("invoice", "booking__service"), code=code)
    stopped = "stopped" in request.GET
    if attempt.status == AttemptStatus.OPEN and not stopped:
        async_task("portal.journeys.online.tasks.look_at_attempt", attempt.pk)
    bill = _bill(request, attempt)
    if not bill:
        if not request.user.is_authenticated:
            return to_sign_in(request)
        if not _is_theirs(request.user, attempt):
            raise Http404
    if attempt.invoice is None:
        if stopped:
            messages.info(request, _("You stopped before paying. Nothing was taken from your card."))
            return redirect("public:confirm", service=attempt.booking.service.slug)
        return redirect("patient:paying", code=attempt.code)
    word = "stopped" if stopped else "paying"
    page = bill or reverse("patient:invoice", args=[attempt.invoice.number])
    return redirect(f"{page}?{word}={attempt.code}")


def _bill(request: HttpRequest, attempt: PaymentAttempt) -> str:
    """The bill's own page, where this browser opened it by its mailed link; empty where it did not."""
    opened = [code for code in request.session.get(OPENED, []) if isinstance(code, str)]
    link = BillLink.objects.filter(invoice=attempt.invoice, code__in=opened).first() if opened else None
    return reverse("public:bill", args=[link.code]) if link else ""


def _is_theirs(user: User, attempt: PaymentAttempt) -> bool:
    """Whether somebody has a page of the bill, or booked what is paid for."""
    if attempt.invoice is None:
        return attempt.created_by_id == user.pk
    actor = Actor(user=user, role=Role.PATIENT)
    return Invoice.objects.visible_to(actor).filter(pk=attempt.invoice.pk).exists()
