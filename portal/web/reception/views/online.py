"""Card payments online: what needs a person, what is on its way, and whether our books are Stripe's."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django_q.tasks import async_task

from portal.accounts.roles import Role
from portal.billing.models import Invoice, OnlineTrouble, PaymentAttempt, Reconciliation, StripeRefund
from portal.billing.online import links, troubles
from portal.billing.online.client import is_demo, is_on
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.htmx import redirect_to
from portal.web.reception.card_forms import SettledForm

LATEST = 25
RUNS = 7
# A comparison that ran a while ago, or never, is said to be missing.
STALE = timedelta(hours=36)


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD"])
def online(request: ActorRequest) -> HttpResponse:
    return _show(request, now=timezone.now())


def _show(request: ActorRequest, *, now: datetime, form: SettledForm | None = None, status: int = 200) -> HttpResponse:
    runs = list(Reconciliation.objects.all()[:RUNS])
    done = next((run for run in runs if run.ended_at), None)
    with_people = ("invoice__patient", "payment")
    context = {
        "online": is_on(),
        "online_demo": is_demo(),
        "zone": ClinicSettings.current().zone,
        "troubles": [
            (trouble, form if form and form.about == trouble.code else SettledForm(about=trouble.code))
            for trouble in OnlineTrouble.objects.open().select_related("invoice__patient").defer("invoice__snapshot")
        ],
        "settled": OnlineTrouble.objects.settled().select_related("settled_by").order_by("-settled_at")[:5],
        "going": StripeRefund.objects.under_way().select_related(*with_people).defer("invoice__snapshot"),
        "latest": PaymentAttempt.objects.select_related(*with_people, "booking__patient")
        .defer("invoice__snapshot")
        .annotate(went_back=Sum("payment__card_refunds__amount", filter=Q(payment__card_refunds__status="done")))
        .order_by("-created_at", "-pk")[:LATEST],
        "runs": runs,
        "is_stale": is_on() and (done is None or done.began_at < now - STALE),
    }
    return render(request, "reception/online.html", context, status=status)


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def settle(request: ActorRequest, code: UUID) -> HttpResponse:
    """Says that somebody looked after it, and how."""
    trouble, now = get_object_or_404(OnlineTrouble, code=code), timezone.now()
    form = SettledForm(request.POST, about=trouble.code)
    if trouble.settled_at is None and not form.is_valid():
        return _show(request, now=now, form=form, status=422)
    if trouble.settled_at is None and troubles.settle(
        trouble=trouble, how=form.cleaned_data["how"], by=request.actor, now=now
    ):
        messages.success(request, _("Off the list."))
    else:
        messages.info(request, _("Somebody else looked after this already."))
    return redirect_to(request, "reception:online")


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def compare(request: ActorRequest) -> HttpResponse:
    """Has our books compared with Stripe's now, instead of tonight."""
    if is_on():
        async_task("portal.journeys.online.tasks.reconcile")
        messages.info(request, _("The comparison is running. Look again in a minute."))
    return redirect_to(request, "reception:online")


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def end_links(request: ActorRequest, number: str) -> HttpResponse:
    """Takes back the links to a bill that were mailed with it."""
    invoice = get_object_or_404(Invoice.objects.visible_to(request.actor), number=number)
    if links.revoke(invoice=invoice, by=request.actor, now=timezone.now()):
        messages.success(request, _("The mailed link opens the bill no more."))
    else:
        messages.info(request, _("No mailed link opens this bill."))
    return redirect_to(request, "reception:invoice", number=invoice.number)
